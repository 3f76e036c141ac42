import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { FormDialog } from "./dialog";
import { messageOf, toast } from "./toast";

interface Props {
  /** How many of what: "3 runs". */
  what: string;
  tag: (key: string, value: string) => Promise<unknown>;
  /** Called whatever came of it: some may have their tag when another fails. */
  changed: () => void;
  onClose: () => void;
}

/** One tag for all that is selected. */
export function TagDialog({ what, tag, changed, onClose }: Props) {
  const [key, setKey] = useState("");
  const [value, setValue] = useState("");
  const set = useMutation({
    mutationFn: () => tag(key.trim(), value.trim()),
    onSuccess: () => {
      toast(`${what} tagged ${key.trim()}`);
      onClose();
    },
    onSettled: changed,
  });
  return (
    <FormDialog title={`Tag ${what}`} action="Tag" busy={set.isPending} error={set.error ? messageOf(set.error) : ""} onClose={onClose} onSubmit={() => set.mutate()}>
      <label>
        Name
        <input autoFocus required maxLength={250} value={key} onChange={(event) => setKey(event.target.value)} />
      </label>
      <label>
        Value
        <input value={value} onChange={(event) => setValue(event.target.value)} />
      </label>
    </FormDialog>
  );
}
