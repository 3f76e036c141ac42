import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { createCatalog, createSchema, createVolume, remove, type SecurableKind } from "~/api/catalog";
import { FormDialog } from "~/ui/dialog";
import { messageOf, toast } from "~/ui/toast";
import { KINDS, placeOf } from "./kinds";

/** What is made, and in what: nothing, a catalog, or a schema. */
export type New = { kind: "catalogs" } | { kind: "schemas"; catalog: string } | { kind: "volumes"; catalog: string; schema: string };

const ABOUT = {
  catalogs: "Every workspace sees it; in others only what you grant counts.",
  schemas: "Tables, volumes, functions, models and prompts stand in schemas.",
  volumes: "Its files are kept by the server.",
};

function made(what: New, name: string, comment: string): Promise<{ full_name: string }> {
  if (what.kind === "catalogs") return createCatalog(name, comment);
  if (what.kind === "schemas") return createSchema(what.catalog, name, comment);
  return createVolume(what.catalog, what.schema, name, comment);
}

export function Create({ what, onClose }: { what: New; onClose: () => void }) {
  const [name, setName] = useState("");
  const [comment, setComment] = useState("");
  const queries = useQueryClient();
  const navigate = useNavigate();
  const { one } = KINDS[what.kind];
  const make = useMutation({
    mutationFn: () => made(what, name.trim(), comment),
    onSuccess: async ({ full_name }) => {
      await queries.invalidateQueries({ queryKey: ["catalog"] });
      onClose();
      void navigate(placeOf(what.kind, full_name));
    },
  });
  return (
    <FormDialog title={`New ${one}`} action="Create" busy={make.isPending} error={make.error ? messageOf(make.error) : ""} onClose={onClose} onSubmit={() => make.mutate()}>
      <label>
        Name
        <input autoFocus required autoComplete="off" value={name} onChange={(event) => setName(event.target.value)} />
        <span className="hint">Letters, digits, _ and -. It is kept in lower case. {ABOUT[what.kind]}</span>
      </label>
      <label>
        Description
        <textarea rows={3} value={comment} onChange={(event) => setComment(event.target.value)} />
      </label>
    </FormDialog>
  );
}

const GONE: Record<SecurableKind, string> = {
  catalogs: "All its schemas go with it, with every table, volume, function, model and prompt in them.",
  schemas: "Every table, volume, function, model and prompt in it goes too, with their files.",
  tables: "The files of a managed table are deleted too; those of an external one stay where they are.",
  volumes: "The files of a managed volume are deleted too; those of an external one stay where they are.",
  functions: "Whoever reads it by name will fail.",
  models: "",
};

/** For good, so the name must be written. */
export function Delete({ kind, name, onClose, onDone }: { kind: SecurableKind; name: string; onClose: () => void; onDone: () => void }) {
  const [text, setText] = useState("");
  const queries = useQueryClient();
  const gone = useMutation({
    mutationFn: () => remove(kind, name),
    onSuccess: async () => {
      toast(`${name} deleted`);
      onDone();
      await queries.invalidateQueries({ queryKey: ["catalog"], refetchType: "none" });
      await queries.refetchQueries({ queryKey: ["catalog", "catalogs"] });
    },
  });
  return (
    <FormDialog
      title={`Delete this ${KINDS[kind].one}?`}
      action="Delete for good"
      danger
      busy={gone.isPending}
      blocked={text !== name && "Write its name first"}
      error={gone.error ? messageOf(gone.error) : ""}
      onClose={onClose}
      onSubmit={() => gone.mutate()}
    >
      <p>{GONE[kind]} Nobody can bring it back.</p>
      <label>
        <span>
          Write <code>{name}</code> to confirm
        </span>
        <input autoFocus autoComplete="off" value={text} onChange={(event) => setText(event.target.value)} />
      </label>
    </FormDialog>
  );
}
