import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { createScope, deleteScope, deleteSecret, putSecret, scopes, secretsOf } from "~/api/secrets";
import { useReadOnly } from "~/session";
import { Ago, Empty, Failure, Loading } from "~/ui/bits";
import { Button, IconButton } from "~/ui/button";
import { FormDialog } from "~/ui/dialog";
import { messageOf, toast } from "~/ui/toast";
import { ScopeAccess } from "./scope_access";

type Asking = { kind: "scope" } | { kind: "access"; scope: string } | { kind: "secret"; scope: string; name?: string } | { kind: "gone"; scope: string; name?: string };

/** Secrets by scope. They are written here and never shown: programs read them. */
export function Secrets() {
  const readOnly = useReadOnly();
  const found = useQuery(scopes);
  const [asking, setAsking] = useState<Asking | null>(null);
  if (found.isPending) return <Loading rows={4} />;
  if (found.isLoadingError) return <Failure error={found.error} retry={() => void found.refetch()} />;
  return (
    <section className="card" aria-label="Secrets">
      <header className="row">
        <h2 className="grow">Secrets</h2>
        <Button icon="plus" kind="primary" blocked={readOnly} onClick={() => setAsking({ kind: "scope" })}>
          New scope
        </Button>
      </header>
      <p className="muted">
        They are written here and never shown. Programs read them with <code>databricks-sdk</code>.
      </p>
      {found.data.length === 0 && <Empty icon="key" title="No scopes yet" />}
      {found.data.map(({ name }) => (
        <Scope key={name} name={name} readOnly={readOnly} onAsk={setAsking} />
      ))}
      {asking?.kind === "scope" && <NewScope onClose={() => setAsking(null)} />}
      {asking?.kind === "secret" && <PutSecret scope={asking.scope} name={asking.name} onClose={() => setAsking(null)} />}
      {asking?.kind === "access" && <ScopeAccess scope={asking.scope} onClose={() => setAsking(null)} />}
      {asking?.kind === "gone" && <Gone scope={asking.scope} name={asking.name} onClose={() => setAsking(null)} />}
    </section>
  );
}

function Scope({ name, readOnly, onAsk }: { name: string; readOnly: string | false; onAsk: (asking: Asking) => void }) {
  const found = useQuery(secretsOf(name));
  return (
    <section className="scope" aria-label={name}>
      <header className="row">
        <h3 className="grow">{name}</h3>
        <Button small icon="plus" blocked={readOnly} onClick={() => onAsk({ kind: "secret", scope: name })}>
          Secret
        </Button>
        <Button small icon="key" aria-label={`Access to ${name}`} onClick={() => onAsk({ kind: "access", scope: name })}>
          Access
        </Button>
        <IconButton small icon="trash" label={`Delete the scope ${name}`} blocked={readOnly} onClick={() => onAsk({ kind: "gone", scope: name })} />
      </header>
      {found.isLoadingError && <p className="muted">{messageOf(found.error)}</p>}
      {found.data?.length === 0 && <p className="muted">Empty</p>}
      <ul className="lines">
        {found.data?.map(({ key, last_updated_timestamp }) => (
          <li key={key} className="row">
            <code className="grow">{key}</code>
            <span className="muted small">
              written <Ago ms={last_updated_timestamp} />
            </span>
            <IconButton small icon="edit" label={`Write ${key} anew`} blocked={readOnly} onClick={() => onAsk({ kind: "secret", scope: name, name: key })} />
            <IconButton
              small
              icon="trash"
              label={`Delete ${key}`}
              blocked={readOnly}
              onClick={() => onAsk({ kind: "gone", scope: name, name: key })}
            />
          </li>
        ))}
      </ul>
    </section>
  );
}

function NewScope({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const queries = useQueryClient();
  const make = useMutation({
    mutationFn: () => createScope(name.trim()),
    onSuccess: async () => {
      onClose();
      await queries.invalidateQueries({ queryKey: ["secrets"] });
    },
  });
  return (
    <FormDialog title="New scope" action="Create" busy={make.isPending} error={make.error ? messageOf(make.error) : ""} onClose={onClose} onSubmit={() => make.mutate()}>
      <label>
        Name
        <input autoFocus required value={name} onChange={(event) => setName(event.target.value)} />
        <span className="hint">Who may read its secrets is decided for the scope.</span>
      </label>
    </FormDialog>
  );
}

function PutSecret({ scope, name, onClose }: { scope: string; name?: string; onClose: () => void }) {
  const [key, setKey] = useState(name ?? "");
  const [value, setValue] = useState("");
  const queries = useQueryClient();
  const put = useMutation({
    mutationFn: () => putSecret(scope, key.trim(), value),
    onSuccess: async () => {
      toast(`${key.trim()} written`);
      onClose();
      await queries.invalidateQueries({ queryKey: ["secrets"] });
    },
  });
  return (
    <FormDialog
      title={name ? `Write ${name} anew` : `New secret in ${scope}`}
      action="Write"
      busy={put.isPending}
      blocked={!value && "Say its value"}
      error={put.error ? messageOf(put.error) : ""}
      onClose={onClose}
      onSubmit={() => put.mutate()}
    >
      {!name && (
        <label>
          Key
          <input autoFocus required value={key} onChange={(event) => setKey(event.target.value)} />
        </label>
      )}
      <label>
        Value
        <input type="password" autoComplete="off" autoFocus={Boolean(name)} value={value} onChange={(event) => setValue(event.target.value)} />
      </label>
    </FormDialog>
  );
}

/** A scope with all that is in it, or one secret. */
function Gone({ scope, name, onClose }: { scope: string; name?: string; onClose: () => void }) {
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => (name ? deleteSecret(scope, name) : deleteScope(scope)),
    onSuccess: async () => {
      toast(`${name ?? scope} deleted`);
      onClose();
      await queries.invalidateQueries({ queryKey: name ? ["secrets", scope] : ["secrets"], exact: true }); // what is gone is not asked for
    },
  });
  return (
    <FormDialog title={`Delete ${name ?? scope}?`} action="Delete for good" danger busy={remove.isPending} error={remove.error ? messageOf(remove.error) : ""} onClose={onClose} onSubmit={() => remove.mutate()}>
      <p>{name ? "Programs that read it are refused from now on. Nobody can bring it back." : "All its secrets go with it."}</p>
    </FormDialog>
  );
}
