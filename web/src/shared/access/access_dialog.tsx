/** Who may do what with an object, from where they have it, and why somebody may or may not. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { type AccessEntry, accessLevels, accessOf, type AccessObject, type Given, giveAccess, nameOf, setAccess } from "~/api/access";
import { Failure, Loading } from "~/ui/bits";
import { Button, IconButton } from "~/ui/button";
import { Dialog } from "~/ui/dialog";
import { Icon } from "~/ui/icons";
import { toast, toastError } from "~/ui/toast";
import { Explain } from "./explain";
import { KINDS, PrincipalField, useNames } from "./principals";

interface Props {
  object: AccessObject;
  title: string;
  /** What should be known first. */
  lead?: string;
  onClose: () => void;
  /** Other ways by which somebody may have rights on it. */
  children?: ReactNode;
}

const levelWord = (level: string) => level.replace(/^CAN_/, "").replaceAll("_", " ").toLowerCase().replace(/^./, (letter) => letter.toUpperCase());

/** `/` is the workspace, which everything in it has rights from. */
const fromWhere = (objects: readonly string[] | undefined) => (objects ?? []).map((each) => (each === "/" ? "the workspace" : each)).join(", ") || "above";

export function AccessDialog({ object, title, lead, onClose, children }: Props) {
  const entries = useQuery(accessOf(object));
  const levels = useQuery(accessLevels(object));
  return (
    <Dialog title={title} wide onClose={onClose}>
      <div className="dialog-body stack">
        {lead && <p className="muted">{lead}</p>}
        {entries.isPending || levels.isPending ? (
          <Loading rows={4} />
        ) : entries.isLoadingError ? (
          <Failure error={entries.error} />
        ) : levels.isLoadingError ? (
          <Failure error={levels.error} />
        ) : (
          <>
            <Entries object={object} entries={entries.data} />
            <Give object={object} levels={levels.data.map((each) => each.permission_level)} />
            <Explain
              object={`${object.type}/${object.id}`}
              choices={levels.data.map((each) => ({ value: each.permission_level, word: levelWord(each.permission_level) }))}
            />
          </>
        )}
        {children}
      </div>
      <div className="dialog-foot">
        <Button kind="primary" onClick={onClose}>
          Done
        </Button>
      </div>
    </Dialog>
  );
}

function givenOn(entries: readonly AccessEntry[]): Given[] {
  return entries.flatMap((entry) =>
    entry.all_permissions.filter((each) => !each.inherited).map((each) => ({ ...nameOf(entry), level: each.permission_level })),
  );
}

function Entries({ object, entries }: { object: AccessObject; entries: readonly AccessEntry[] }) {
  const queries = useQueryClient();
  const changed = () => queries.invalidateQueries({ queryKey: ["access"] });
  const given = givenOn(entries);
  const take = useMutation({
    mutationFn: (gone: Given) => setAccess(object, given.filter((each) => each.name !== gone.name || each.kind !== gone.kind || each.level !== gone.level)),
    onSuccess: (_, gone) => {
      toast(`${gone.name} no longer has ${levelWord(gone.level)}`, () => void giveAccess(object, gone).then(changed, toastError));
      return changed();
    },
    onError: toastError,
  });
  return (
    <div className="scroll-x">
      <table className="simple">
        <thead>
          <tr>
            <th scope="col">Who</th>
            <th scope="col">May</th>
            <th scope="col">From</th>
            <th scope="col">
              <span className="sr-only">Take away</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {entries.flatMap((entry) => {
            const { kind, name } = nameOf(entry);
            return entry.all_permissions.map((each) => (
              <tr key={`${kind} ${name} ${each.permission_level} ${each.inherited_from_object?.join() ?? ""}`}>
                <th scope="row">
                  <span className="row" title={KINDS[kind].word}>
                    <Icon name={KINDS[kind].icon} size={13} /> {name}
                  </span>
                </th>
                <td>{levelWord(each.permission_level)}</td>
                <td className="muted">{each.inherited ? fromWhere(each.inherited_from_object) : "given here"}</td>
                <td className="numeric">
                  {!each.inherited && (
                    <IconButton small icon="close" label={`Take ${levelWord(each.permission_level)} from ${name}`} onClick={() => take.mutate({ kind, name, level: each.permission_level })} />
                  )}
                </td>
              </tr>
            ));
          })}
        </tbody>
      </table>
    </div>
  );
}

function Give({ object, levels }: { object: AccessObject; levels: readonly string[] }) {
  const names = useNames();
  const [name, setName] = useState("");
  const [level, setLevel] = useState(levels[0] ?? "");
  const queries = useQueryClient();
  const give = useMutation({
    mutationFn: () => {
      const known = names.find((each) => each.name === name.trim());
      return giveAccess(object, { kind: known?.kind ?? "user_name", name: name.trim(), level });
    },
    onSuccess: () => {
      toast(`${name.trim()} has ${levelWord(level)}`);
      setName("");
      return queries.invalidateQueries({ queryKey: ["access"] });
    },
    onError: toastError,
  });
  return (
    <form
      className="row wrap give"
      aria-label="Give access"
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim()) give.mutate();
      }}
    >
      <PrincipalField label="User, group or service principal" value={name} onChange={setName} />
      <select aria-label="May" value={level} onChange={(event) => setLevel(event.target.value)}>
        {levels.map((each) => (
          <option key={each} value={each}>
            {levelWord(each)}
          </option>
        ))}
      </select>
      <Button type="submit" kind="primary" blocked={!name.trim() && "Say to whom"}>
        Give
      </Button>
    </form>
  );
}
