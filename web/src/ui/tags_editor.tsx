import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { KeyValue } from "~/api/types";
import { Tag } from "./bits";
import { Button } from "./button";
import { toast, toastError } from "./toast";

interface Props {
  tags: readonly KeyValue[];
  blocked: string | false;
  set: (key: string, value: string) => Promise<unknown>;
  remove: (key: string) => Promise<unknown>;
  changed: () => void;
}

/** Tags in place: add, remove, and take a removal back. */
export function TagsEditor({ tags, blocked, set, remove, changed }: Props) {
  const [open, setOpen] = useState(false);
  const [key, setKey] = useState("");
  const [value, setValue] = useState("");
  const add = useMutation({
    mutationFn: () => set(key.trim(), value.trim()),
    onSuccess: () => {
      setKey("");
      setValue("");
      setOpen(false);
      changed();
    },
    onError: toastError,
  });
  const drop = useMutation({
    mutationFn: (tag: KeyValue) => remove(tag.key),
    onSuccess: (_, tag) => {
      changed();
      toast(`Tag ${tag.key} removed`, () => void set(tag.key, tag.value).then(changed, toastError));
    },
    onError: toastError,
  });
  const leave = (event: React.KeyboardEvent) => {
    if (event.key === "Escape") setOpen(false);
  };
  return (
    <div className="row wrap tags">
      {tags.map((tag) => (
        <Tag key={tag.key} name={tag.key} value={tag.value} onRemove={blocked ? undefined : () => drop.mutate(tag)} />
      ))}
      {open ? (
        <form
          className="row tag-form"
          onSubmit={(event) => {
            event.preventDefault();
            if (key.trim()) add.mutate();
          }}
        >
          <input autoFocus onKeyDown={leave} aria-label="Tag name" placeholder="name" value={key} onChange={(e) => setKey(e.target.value)} />
          <input onKeyDown={leave} aria-label="Tag value" placeholder="value" value={value} onChange={(e) => setValue(e.target.value)} />
          <Button small type="submit" kind="primary" blocked={!key.trim() && "A tag needs a name"}>
            Add
          </Button>
        </form>
      ) : (
        <Button small icon="plus" kind="ghost" blocked={blocked} onClick={() => setOpen(true)}>
          Tag
        </Button>
      )}
    </div>
  );
}
