import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import {
  addMember,
  createPrincipal,
  deletePrincipal,
  PAGE,
  type Principal,
  type PrincipalKind,
  principals,
  removeMember,
  setActive,
} from "~/api/identity";
import { count } from "~/format";
import { useSession } from "~/session";
import { PlainTable } from "~/shared/table/plain_table";
import { Empty, Failure, Loading, Tag, useDebounced } from "~/ui/bits";
import { Button } from "~/ui/button";
import { FormDialog } from "~/ui/dialog";
import { Icon } from "~/ui/icons";
import { Menu, MenuItem } from "~/ui/menu";
import { messageOf, toast, toastError } from "~/ui/toast";
import { SetPassword } from "./passwords";

const WORDS: Record<PrincipalKind, { one: string; many: string; field: string; hint: string }> = {
  Users: { one: "user", many: "Users", field: "User name", hint: "As a rule an e-mail address." },
  Groups: { one: "group", many: "Groups", field: "Name", hint: "Rights given to a group are its members'." },
  ServicePrincipals: { one: "service principal", many: "Service principals", field: "Name", hint: "A job or an application that signs in by itself." },
};

const BUILT_IN = new Set(["users", "admins"]);
/** Groups or members that stand in a line before one asks for the others. */
const MOST = 12;

function useNotAdmin(): string | false {
  const { who } = useSession();
  return who.is_admin ? false : "Administrators of the server do this.";
}

export function People({ kind }: { kind: PrincipalKind }) {
  const { one, many } = WORDS[kind];
  const [text, setText] = useState("");
  const [start, setStart] = useState(1);
  const [making, setMaking] = useState(false);
  const words = useDebounced(text.trim());
  const found = useQuery({ ...principals(kind, words, start), placeholderData: keepPreviousData });
  const blocked = useNotAdmin();
  return (
    <section className="card" aria-label={many}>
      <header className="row wrap">
        <h2 className="grow">{many}</h2>
        <div className="field">
          <Icon name="search" />
          <input
            type="search"
            aria-label={`Find a ${one}`}
            placeholder={`Find a ${one}`}
            value={text}
            onChange={(event) => {
              setText(event.target.value);
              setStart(1);
            }}
          />
        </div>
        <Button icon="plus" kind="primary" blocked={blocked} onClick={() => setMaking(true)}>
          New {one}
        </Button>
      </header>
      {found.isPending ? (
        <Loading rows={5} />
      ) : found.isLoadingError ? (
        <Failure error={found.error} retry={() => void found.refetch()} />
      ) : found.data.Resources.length === 0 ? (
        <Empty icon="user" title={words ? `No ${one} has that name` : `No ${many.toLowerCase()} yet`} />
      ) : (
        <>
          <Table kind={kind} all={found.data.Resources} blocked={blocked} />
          <footer className="row">
            <p className="muted grow" role="status">
              {count(found.data.totalResults, one)}
            </p>
            {start > 1 && (
              <Button small onClick={() => setStart(Math.max(1, start - PAGE))}>
                Before
              </Button>
            )}
            {start + PAGE <= found.data.totalResults && (
              <Button small onClick={() => setStart(start + PAGE)}>
                Next
              </Button>
            )}
          </footer>
        </>
      )}
      {making && <NewPrincipal kind={kind} onClose={() => setMaking(false)} />}
    </section>
  );
}

function Table({ kind, all, blocked }: { kind: PrincipalKind; all: readonly Principal[]; blocked: string | false }) {
  return (
    <PlainTable look="simple people" heads={[WORDS[kind].field, kind === "Groups" ? "Members" : "Groups", ...(kind === "Groups" ? [] : ["State"]), { unseen: "Actions" }]}>
      {all.map((each) => (
        <Line key={each.id} kind={kind} principal={each} blocked={blocked} />
      ))}
    </PlainTable>
  );
}

const nameOf = (principal: Principal) => principal.userName ?? principal.displayName ?? principal.applicationId ?? principal.id;

function Line({ kind, principal, blocked }: { kind: PrincipalKind; principal: Principal; blocked: string | false }) {
  const { who } = useSession();
  const queries = useQueryClient();
  const changed = () => queries.invalidateQueries({ queryKey: ["principals"] });
  const [asking, setAsking] = useState<"delete" | "member" | "password" | null>(null);
  const name = nameOf(principal);
  const active = principal.active !== false;
  const turn = useMutation({
    mutationFn: (on: boolean) => setActive(kind, principal.id, on),
    onSuccess: (_, on) => {
      toast(on ? `${name} may sign in` : `${name} may no longer sign in`, () => turn.mutate(!on));
      return changed();
    },
    onError: toastError,
  });
  const leave = useMutation({
    mutationFn: (member: string) => removeMember(principal.id, member),
    onSuccess: (_, member) => {
      toast(`Removed from ${name}`, () => void addMember(principal.id, member).then(changed, toastError));
      return changed();
    },
    onError: toastError,
  });
  const self = name === who.name && "That is you";
  const everybody = kind === "Groups" && name === "users";
  const tied = everybody ? [] : ((kind === "Groups" ? principal.members : principal.groups?.filter((each) => each.display !== "users")) ?? []);
  const [all, setAll] = useState(false);
  const shown = all ? tied : tied.slice(0, MOST);
  return (
    <tr>
      <th scope="row">
        {name}
        {principal.displayName && principal.displayName !== name && <span className="muted"> {principal.displayName}</span>}
        {kind === "ServicePrincipals" && principal.applicationId && <code className="muted"> {principal.applicationId}</code>}
      </th>
      <td>
        <span className="row wrap">
          {everybody && <span className="muted">Everybody</span>}
          {shown.map((each) => (
            <Tag
              key={each.value}
              name={each.display ?? each.value}
              removing={`Remove ${each.display ?? each.value} from ${name}`}
              onRemove={kind === "Groups" && !blocked ? () => leave.mutate(each.value) : undefined}
            />
          ))}
          {tied.length > MOST && (
            <button type="button" className="plain-link" aria-expanded={all} onClick={() => setAll(!all)}>
              {all ? "Fewer" : `and ${tied.length - MOST} more`}
            </button>
          )}
        </span>
      </td>
      {kind !== "Groups" && (
        <td>
          <span className={active ? "status ok" : "status bad"}>
            <span className="dot" />
            {active ? "Active" : "Locked out"}
          </span>
        </td>
      )}
      <td className="numeric">
        <Menu label="" name={`Actions for ${name}`} icon="more" small align="end" floating>
          {(close) => (
            <>
              {kind === "Groups" ? (
                <MenuItem
                  icon="plus"
                  blocked={blocked || (name === "users" && "Everybody is in it")}
                  onClick={() => (close(), setAsking("member"))}
                >
                  Add a member
                </MenuItem>
              ) : (
                <MenuItem icon={active ? "close" : "check"} blocked={blocked || self} onClick={() => (close(), turn.mutate(!active))}>
                  {active ? "Lock out" : "Let in"}
                </MenuItem>
              )}
              {kind === "Users" && (
                <MenuItem icon="key" blocked={blocked} onClick={() => (close(), setAsking("password"))}>
                  Set a password
                </MenuItem>
              )}
              <MenuItem
                icon="trash"
                danger
                blocked={blocked || self || (kind === "Groups" && BUILT_IN.has(name) && "It is always there")}
                onClick={() => (close(), setAsking("delete"))}
              >
                Delete
              </MenuItem>
            </>
          )}
        </Menu>
        {asking === "delete" && <DeletePrincipal kind={kind} principal={principal} onClose={() => setAsking(null)} />}
        {asking === "password" && <SetPassword id={principal.id} name={name} onClose={() => setAsking(null)} />}
        {asking === "member" && <AddMember group={principal} onClose={() => setAsking(null)} />}
      </td>
    </tr>
  );
}

function NewPrincipal({ kind, onClose }: { kind: PrincipalKind; onClose: () => void }) {
  const { one, field, hint } = WORDS[kind];
  const [name, setName] = useState("");
  const queries = useQueryClient();
  const make = useMutation({
    mutationFn: () => createPrincipal(kind, name.trim()),
    onSuccess: async () => {
      toast(`${name.trim()} is there`);
      onClose();
      await queries.invalidateQueries({ queryKey: ["principals"] });
    },
  });
  return (
    <FormDialog
      title={`New ${one}`}
      action="Create"
      busy={make.isPending}
      error={make.error ? messageOf(make.error) : ""}
      onClose={onClose}
      onSubmit={() => make.mutate()}
    >
      <label>
        {field}
        <input autoFocus required value={name} onChange={(event) => setName(event.target.value)} />
        <span className="hint">{hint}</span>
      </label>
    </FormDialog>
  );
}

function DeletePrincipal({ kind, principal, onClose }: { kind: PrincipalKind; principal: Principal; onClose: () => void }) {
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => deletePrincipal(kind, principal.id),
    onSuccess: async () => {
      toast(`${nameOf(principal)} deleted`);
      onClose();
      await queries.invalidateQueries({ queryKey: ["principals"] });
    },
  });
  return (
    <FormDialog
      title={`Delete ${nameOf(principal)}?`}
      action="Delete"
      danger
      busy={remove.isPending}
      error={remove.error ? messageOf(remove.error) : ""}
      onClose={onClose}
      onSubmit={() => remove.mutate()}
    >
      <p>{kind === "Groups" ? "Its members lose the rights they have through it." : "Its tokens and roles go too. What it logged stays."}</p>
    </FormDialog>
  );
}

/** Anybody may be in a group: users, service principals, other groups. */
function AddMember({ group, onClose }: { group: Principal; onClose: () => void }) {
  const [text, setText] = useState("");
  const words = useDebounced(text.trim());
  const queries = useQueryClient();
  const users = useQuery(principals("Users", words, 1));
  const services = useQuery(principals("ServicePrincipals", words, 1));
  const groups = useQuery(principals("Groups", words, 1));
  const already = new Set([group.id, ...(group.members ?? []).map((each) => each.value)]);
  const found = Object.entries({ user: users, "service principal": services, group: groups })
    .flatMap(([word, each]) => (each.data?.Resources ?? []).map((principal) => ({ principal, word })))
    .filter(({ principal }) => !already.has(principal.id));
  const [chosen, setChosen] = useState("");
  const add = useMutation({
    mutationFn: () => addMember(group.id, chosen),
    onSuccess: async () => {
      toast(`Added to ${nameOf(group)}`);
      onClose();
      await queries.invalidateQueries({ queryKey: ["principals"] });
    },
  });
  return (
    <FormDialog
      title={`Add to ${nameOf(group)}`}
      action="Add"
      busy={add.isPending}
      blocked={!chosen && "Choose somebody"}
      error={add.error ? messageOf(add.error) : ""}
      onClose={onClose}
      onSubmit={() => add.mutate()}
    >
      <label>
        Find
        <input autoFocus type="search" value={text} onChange={(event) => setText(event.target.value)} />
      </label>
      <fieldset className="choices">
        <legend className="sr-only">Whom to add</legend>
        {found.slice(0, 50).map(({ principal, word }) => (
          <label key={principal.id} className="choice">
            <input type="radio" name="member" aria-label={nameOf(principal)} checked={chosen === principal.id} onChange={() => setChosen(principal.id)} />
            <span className="grow ellipsis">{nameOf(principal)}</span> <span className="muted small">{word}</span>
          </label>
        ))}
        {found.length === 0 && <p className="muted">Nobody has that name.</p>}
      </fieldset>
    </FormDialog>
  );
}
