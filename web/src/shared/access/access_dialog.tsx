/** Who may do what with an object, from where they have it, and why somebody may or may not. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { type AccessEntry, accessLevels, accessOf, type AccessObject, explainAccess, type Given, giveAccess, nameOf, setAccess } from "~/api/access";
import { principals } from "~/api/identity";
import { Failure, Loading } from "~/ui/bits";
import { Button, IconButton } from "~/ui/button";
import { Dialog } from "~/ui/dialog";
import { Icon, type IconName } from "~/ui/icons";
import { messageOf, toast, toastError } from "~/ui/toast";

interface Props {
  object: AccessObject;
  title: string;
  onClose: () => void;
}

const KINDS: Record<Given["kind"], { word: string; icon: IconName }> = {
  user_name: { word: "User", icon: "user" },
  group_name: { word: "Group", icon: "layers" },
  service_principal_name: { word: "Service principal", icon: "bot" },
};

const levelWord = (level: string) => level.replace(/^CAN_/, "").replaceAll("_", " ").toLowerCase().replace(/^./, (letter) => letter.toUpperCase());

/** `/` is the workspace, which everything in it has rights from. */
const fromWhere = (objects: readonly string[] | undefined) => (objects ?? []).map((each) => (each === "/" ? "the workspace" : each)).join(", ") || "above";

export function AccessDialog({ object, title, onClose }: Props) {
  const entries = useQuery(accessOf(object));
  const levels = useQuery(accessLevels(object));
  return (
    <Dialog title={title} wide onClose={onClose}>
      <div className="dialog-body stack">
        {entries.isPending || levels.isPending ? (
          <Loading rows={4} />
        ) : entries.isError ? (
          <Failure error={entries.error} />
        ) : levels.isError ? (
          <Failure error={levels.error} />
        ) : (
          <>
            <Entries object={object} entries={entries.data} />
            <Give object={object} levels={levels.data.map((each) => each.permission_level)} />
            <Explain object={object} levels={levels.data.map((each) => each.permission_level)} />
          </>
        )}
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

/** Everybody whom the server tells of, by kind. */
function useNames(): { kind: Given["kind"]; name: string }[] {
  const users = useQuery(principals("Users", "", 1)).data?.Resources ?? [];
  const groups = useQuery(principals("Groups", "", 1)).data?.Resources ?? [];
  const services = useQuery(principals("ServicePrincipals", "", 1)).data?.Resources ?? [];
  return [
    ...groups.map((each) => ({ kind: "group_name" as const, name: each.displayName ?? "" })),
    ...users.map((each) => ({ kind: "user_name" as const, name: each.userName ?? "" })),
    ...services.map((each) => ({ kind: "service_principal_name" as const, name: each.applicationId ?? "" })),
  ];
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
      <input aria-label="User, group or service principal" placeholder="User or group" list="access-names" value={name} onChange={(event) => setName(event.target.value)} />
      <datalist id="access-names">
        {names.map((each) => (
          <option key={`${each.kind} ${each.name}`} value={each.name}>
            {KINDS[each.kind].word}
          </option>
        ))}
      </datalist>
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

function Explain({ object, levels }: { object: AccessObject; levels: readonly string[] }) {
  const [name, setName] = useState("");
  const [level, setLevel] = useState(levels[0] ?? "");
  const ask = useMutation({ mutationFn: () => explainAccess(object, name.trim(), level) });
  return (
    <section className="explain" aria-label="Why">
      <h3>Why may somebody, or why not?</h3>
      <form
        className="row wrap give"
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim()) ask.mutate();
        }}
      >
        <input aria-label="Whom it is about" placeholder="User or group" list="access-names" value={name} onChange={(event) => setName(event.target.value)} />
        <select aria-label="What it is about" value={level} onChange={(event) => setLevel(event.target.value)}>
          {levels.map((each) => (
            <option key={each} value={each}>
              {levelWord(each)}
            </option>
          ))}
        </select>
        <Button type="submit" blocked={!name.trim() && "Say who"}>
          Ask
        </Button>
      </form>
      {ask.error && (
        <p className="judgement-error" role="alert">
          {messageOf(ask.error)}
        </p>
      )}
      {ask.data && (
        <div role="status">
          <p>
            <b className={ask.data.allowed ? "ok" : "bad"}>{ask.data.allowed ? "Yes" : "No"}</b>
          </p>
          <ul className="because">
            {ask.data.because.map((each) => (
              <li key={each}>{each}</li>
            ))}
          </ul>
        </div>
      )}
    </section>
  );
}
