import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { deleteRegistered, deleteVersion, renameRegistered } from "~/api/registry";
import { FormDialog } from "~/ui/dialog";
import { messageOf, toast } from "~/ui/toast";

interface Props {
  kind: string;
  name: string;
  onClose: () => void;
  onDone: (name?: string) => void;
}

/** For good, so the name must be written. */
export function DeleteRegistered({ kind, name, onClose, onDone }: Props) {
  const [text, setText] = useState("");
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => deleteRegistered(name),
    onSuccess: async () => {
      toast(`${name} deleted`);
      onDone();
      await queries.invalidateQueries({ queryKey: ["registry", "list"] });
    },
  });
  return (
    <FormDialog
      title={`Delete this ${kind}?`}
      action="Delete for good"
      danger
      busy={remove.isPending || text !== name}
      error={remove.error ? messageOf(remove.error) : ""}
      onClose={onClose}
      onSubmit={() => remove.mutate()}
    >
      <p>All its versions and aliases go with it, and nobody can bring them back. Whoever loads it by name will fail.</p>
      <label>
        <span>
          Write <code>{name}</code> to confirm
        </span>
        <input autoFocus autoComplete="off" value={text} onChange={(event) => setText(event.target.value)} />
      </label>
    </FormDialog>
  );
}

export function DeleteVersion({ name, version, onClose, onDone }: Props & { version: string }) {
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => deleteVersion(name, version),
    onSuccess: async () => {
      toast(`Version ${version} deleted`);
      onDone();
      onClose();
      await queries.invalidateQueries({ queryKey: ["registry"] });
    },
  });
  return (
    <FormDialog
      title={`Delete version ${version}?`}
      action="Delete for good"
      danger
      busy={remove.isPending}
      error={remove.error ? messageOf(remove.error) : ""}
      onClose={onClose}
      onSubmit={() => remove.mutate()}
    >
      <p>Its aliases go with it. Its number is never given again.</p>
    </FormDialog>
  );
}

export function RenameRegistered({ kind, name, onClose, onDone }: Props) {
  const [text, setText] = useState(name);
  const queries = useQueryClient();
  const rename = useMutation({
    mutationFn: () => renameRegistered(name, text.trim()),
    onSuccess: async () => {
      onDone(text.trim());
      await queries.invalidateQueries({ queryKey: ["registry", "list"] });
    },
  });
  return (
    <FormDialog
      title={`Rename ${kind}`}
      action="Rename"
      busy={rename.isPending}
      error={rename.error ? messageOf(rename.error) : ""}
      onClose={onClose}
      onSubmit={() => rename.mutate()}
    >
      <label>
        Name
        <input autoFocus required value={text} onChange={(event) => setText(event.target.value)} />
        <span className="hint">Scripts that load it by the old name will fail.</span>
      </label>
    </FormDialog>
  );
}
