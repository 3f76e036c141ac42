/** Who may do what with a securable of the catalog: its owner, what was given on it or above, and why. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { changePrivileges, type Privilege, type PrivilegeHolder, privilegesOn, type SecurableName } from "~/api/access";
import { useSession } from "~/session";
import { Empty, Failure, Loading, Tag } from "~/ui/bits";
import { Button } from "~/ui/button";
import { FormDialog } from "~/ui/dialog";
import { Icon } from "~/ui/icons";
import { messageOf, toast, toastError } from "~/ui/toast";
import { Explain } from "./explain";
import { SYSTEM, useMay } from "./may";
import { KINDS, PrincipalField, useNames } from "./principals";
import { meaning, PRIVILEGES, RIGHTS, wordOf } from "./privileges";

interface Props {
  securable: SecurableName;
  owner: string;
  /** Gives it to somebody else. */
  onOwner: (name: string) => Promise<unknown>;
  /** Where why somebody may is told elsewhere. */
  untold?: boolean;
}

export function Permissions({ securable, owner, onOwner, untold }: Props) {
  const { who } = useSession();
  const blocked = useMay(`${securable.type}/${securable.name}`, "MANAGE", "MANAGE", { aboutRights: true });
  const kept = securable.name.split(".")[0] === SYSTEM && "The server itself owns it";
  const [asking, setAsking] = useState<"grant" | "owner" | null>(null);
  return (
    <div className="stack permissions">
      <section className="card" aria-label="Owner">
        <header className="row wrap">
          <h3>Owner</h3>
          <span className="row grow">
            <Icon name="user" size={13} /> {owner}
          </span>
          <Button small icon="edit" blocked={kept || blocked} onClick={() => setAsking("owner")}>
            Change the owner
          </Button>
        </header>
        <p className="muted small">Whoever owns it has every right on it, and on all that is in it.</p>
      </section>
      <section className="card" aria-label="Privileges">
        <header className="row wrap">
          <h3 className="grow">Privileges</h3>
          <Button small icon="plus" kind="primary" blocked={blocked} onClick={() => setAsking("grant")}>
            Grant
          </Button>
        </header>
        {blocked && <p className="muted small">You see who may do what. Whoever manages it can change that.</p>}
        <Holders securable={securable} blocked={blocked} />
      </section>
      {!untold && (
        <section className="card">
          <Explain
            object={`${securable.type}/${securable.name}`}
            choices={RIGHTS[securable.type].map((value) => ({ value, word: wordOf(value) }))}
            only={blocked ? who.name : undefined}
          />
        </section>
      )}
      {asking === "grant" && <Grant securable={securable} onClose={() => setAsking(null)} />}
      {asking === "owner" && <NewOwner name={securable.name} give={onOwner} onClose={() => setAsking(null)} />}
    </div>
  );
}

const isOwn = (each: Privilege) => !each.inherited_from_type;

function Holders({ securable, blocked }: { securable: SecurableName; blocked: string | false }) {
  const found = useQuery(privilegesOn(securable));
  const names = useNames();
  if (found.isPending) return <Loading rows={3} />;
  if (found.isLoadingError) return <Failure error={found.error} retry={() => void found.refetch()} />;
  if (found.data.length === 0) {
    return (
      <Empty icon="key" title="Nothing was granted">
        <p className="muted">Its owner, administrators, and whoever has a role in the workspace get to it all the same.</p>
      </Empty>
    );
  }
  const iconOf = (name: string) => KINDS[names.find((each) => each.name === name)?.kind ?? "user_name"].icon;
  return (
    <div className="scroll-x" tabIndex={0} role="region" aria-label="Who has which privilege">
      <table className="simple wraps">
        <thead>
          <tr>
            <th scope="col">Who</th>
            <th scope="col">Given here</th>
            <th scope="col">From above</th>
          </tr>
        </thead>
        <tbody>
          {found.data.map((each) => (
            <Holder key={each.principal} holder={each} securable={securable} icon={iconOf(each.principal)} blocked={blocked} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface HolderProps {
  holder: PrivilegeHolder;
  securable: SecurableName;
  icon: (typeof KINDS)["user_name"]["icon"];
  blocked: string | false;
}

function Holder({ holder, securable, icon, blocked }: HolderProps) {
  const { principal, privileges } = holder;
  const queries = useQueryClient();
  const changed = () => queries.invalidateQueries({ queryKey: ["access"] });
  const take = useMutation({
    mutationFn: (privilege: string) => changePrivileges(securable, principal, { remove: [privilege] }),
    onSuccess: (_, privilege) => {
      const back = () => void changePrivileges(securable, principal, { add: [privilege] }).then(changed, toastError);
      toast(`${principal} no longer has ${wordOf(privilege)}`, back);
      return changed();
    },
    onError: toastError,
  });
  const above = privileges.filter((each) => !isOwn(each));
  return (
    <tr>
      <th scope="row">
        <span className="row">
          <Icon name={icon} size={13} /> {principal}
        </span>
      </th>
      <td>
        <span className="row wrap">
          {privileges.filter(isOwn).map(({ privilege }) => (
            <Tag
              key={privilege}
              name={wordOf(privilege)}
              removing={`Take ${wordOf(privilege)} from ${principal}`}
              onRemove={blocked ? undefined : () => take.mutate(privilege)}
            />
          ))}
          {above.length === privileges.length && <span className="muted">nothing</span>}
        </span>
      </td>
      <td>
        <span className="row wrap">
          {above.map((each) => (
            <span key={`${each.privilege} ${each.inherited_from_name}`} className="inherited muted">
              {wordOf(each.privilege)}{" "}
              <span className="small">
                from {(each.inherited_from_type ?? "").toLowerCase()} <b>{each.inherited_from_name}</b>
              </span>
            </span>
          ))}
        </span>
      </td>
    </tr>
  );
}

function Grant({ securable, onClose }: { securable: SecurableName; onClose: () => void }) {
  const [name, setName] = useState("");
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const queries = useQueryClient();
  const give = useMutation({
    mutationFn: () => changePrivileges(securable, name.trim(), { add: chosen }),
    onSuccess: () => {
      toast(`${name.trim()} has ${chosen.map(wordOf).join(", ")}`);
      onClose();
      return queries.invalidateQueries({ queryKey: ["access"] });
    },
  });
  const turn = (privilege: string) => setChosen(chosen.includes(privilege) ? chosen.filter((each) => each !== privilege) : [...chosen, privilege]);
  return (
    <FormDialog
      title={`Grant on ${securable.name}`}
      action="Grant"
      busy={give.isPending}
      blocked={(!name.trim() && "Say to whom") || (chosen.length === 0 && "Choose a privilege")}
      error={give.error ? messageOf(give.error) : ""}
      onClose={onClose}
      onSubmit={() => give.mutate()}
    >
      <div className="labelled">
        <span>To</span>
        <PrincipalField label="To whom" autoFocus value={name} onChange={setName} />
      </div>
      <fieldset className="choices privileges">
        <legend>Privileges</legend>
        {PRIVILEGES[securable.type].map((each) => (
          <label key={each} className="choice">
            <input type="checkbox" checked={chosen.includes(each)} onChange={() => turn(each)} />
            <span>
              {wordOf(each)} <span className="hint">{meaning(each)}</span>
            </span>
          </label>
        ))}
      </fieldset>
    </FormDialog>
  );
}

function NewOwner({ name, give, onClose }: { name: string; give: (owner: string) => Promise<unknown>; onClose: () => void }) {
  const [text, setText] = useState("");
  const queries = useQueryClient();
  const transfer = useMutation({
    mutationFn: () => give(text.trim()),
    onSuccess: async () => {
      toast(`${text.trim()} owns ${name}`);
      onClose();
      await queries.invalidateQueries({ queryKey: ["catalog"] });
      await queries.invalidateQueries({ queryKey: ["access"] });
    },
  });
  return (
    <FormDialog
      title={`New owner of ${name}`}
      action="Give it away"
      busy={transfer.isPending}
      blocked={!text.trim() && "Say to whom"}
      error={transfer.error ? messageOf(transfer.error) : ""}
      onClose={onClose}
      onSubmit={() => transfer.mutate()}
    >
      <div className="labelled">
        <span>Owner</span>
        <PrincipalField label="The new owner" autoFocus value={text} onChange={setText} />
        <span className="hint">Whoever owns it now keeps only what else was granted.</span>
      </div>
    </FormDialog>
  );
}
