import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { ViewName } from "~/api/views";
import { FormDialog } from "~/ui/dialog";
import { messageOf } from "~/ui/toast";

interface Props {
  title: string;
  action: string;
  /** The view that gets another name; without one, a new view gets its first. */
  before?: ViewName;
  taken: readonly ViewName[];
  mayShare: string | false;
  submit: (view: ViewName) => Promise<void>;
  onClose: () => void;
}

export function NameView({ title, action, before, taken, mayShare, submit, onClose }: Props) {
  const [name, setName] = useState(before?.name ?? "");
  const [shared, setShared] = useState(before?.shared ?? false);
  const given = name.trim();
  const save = useMutation({ mutationFn: () => submit({ name: given, shared }), onSuccess: onClose });
  const other = taken.some((view) => view.name === given && view.shared === shared && view.name !== before?.name);
  return (
    <FormDialog
      title={title}
      action={action}
      busy={save.isPending}
      blocked={!given ? "It needs a name" : other ? "There is a view of this name" : given === before?.name && "That is its name"}
      error={other ? "There is a view of this name already." : save.error ? messageOf(save.error) : ""}
      onClose={onClose}
      onSubmit={() => save.mutate()}
    >
      <label>
        Name
        <input autoFocus required maxLength={200} value={name} onChange={(event) => setName(event.target.value)} />
      </label>
      {!before && (
        <label className="choice" title={mayShare || undefined}>
          <input type="checkbox" checked={shared} disabled={Boolean(mayShare)} onChange={(event) => setShared(event.target.checked)} />
          Share it: everybody who sees the experiment gets it, whoever may edit the experiment may change it
        </label>
      )}
    </FormDialog>
  );
}
