import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { createToken, ownTokens, revokeToken, type TokenInfo } from "~/api/identity";
import { time } from "~/format";
import { PlainTable } from "~/shared/table/plain_table";
import { Ago, Copy, Empty, Failure, Loading } from "~/ui/bits";
import { Button } from "~/ui/button";
import { Dialog, FormDialog } from "~/ui/dialog";
import { messageOf, toast } from "~/ui/toast";

const LIFETIMES: Record<string, number | null> = { "30 days": 30, "90 days": 90, "A year": 365, "No end": null };
const SOON = 7 * 86_400_000;

/** The caller's own access tokens. A new one is shown once, when it is made. */
export function Tokens() {
  const tokens = useQuery(ownTokens);
  const [making, setMaking] = useState(false);
  const [made, setMade] = useState("");
  const [going, setGoing] = useState<TokenInfo | null>(null);
  if (tokens.isPending) return <Loading rows={4} />;
  if (tokens.isLoadingError) return <Failure error={tokens.error} retry={() => void tokens.refetch()} />;
  return (
    <section className="card" aria-label="Access tokens">
      <header className="row">
        <h2 className="grow">Your access tokens</h2>
        <Button icon="plus" kind="primary" onClick={() => setMaking(true)}>
          New token
        </Button>
      </header>
      <p className="muted">
        Scripts and other machines sign in with one: <code>MLFLOW_TRACKING_TOKEN</code>, or <code>DATABRICKS_TOKEN</code>. It may do what you may do.
      </p>
      {tokens.data.length === 0 ? (
        <Empty icon="key" title="No tokens yet" />
      ) : (
        <PlainTable heads={["For", "Made", "Ends", { unseen: "Revoke" }]}>
          {tokens.data.map((token) => (
            <tr key={token.token_id}>
              <th scope="row">{token.comment || <code>{token.token_id.slice(0, 12)}</code>}</th>
              <td className="muted">
                <Ago ms={token.creation_time} />
              </td>
              <td>
                <Ends token={token} />
              </td>
              <td className="numeric">
                <Button small icon="trash" kind="danger" onClick={() => setGoing(token)}>
                  Revoke
                </Button>
              </td>
            </tr>
          ))}
        </PlainTable>
      )}
      {making && <NewToken onClose={() => setMaking(false)} onMade={(value) => (setMaking(false), setMade(value))} />}
      {made && <MadeToken value={made} onClose={() => setMade("")} />}
      {going && <Revoke token={going} onClose={() => setGoing(null)} />}
    </section>
  );
}

function Ends({ token }: { token: TokenInfo }) {
  const { expiry_time: ends } = token;
  if (ends < 0) return <span className="muted">Never</span>;
  const left = ends - Date.now();
  return <span className={left < 0 ? "bad" : left < SOON ? "warn-text" : "muted"}>{left < 0 ? "Over" : time(ends)}</span>;
}

function NewToken({ onClose, onMade }: { onClose: () => void; onMade: (value: string) => void }) {
  const [comment, setComment] = useState("");
  const [lifetime, setLifetime] = useState("90 days");
  const queries = useQueryClient();
  const make = useMutation({
    mutationFn: () => createToken(comment.trim(), LIFETIMES[lifetime] ?? null),
    onSuccess: async ({ token_value }) => {
      onMade(token_value);
      await queries.invalidateQueries({ queryKey: ["tokens"] });
    },
  });
  return (
    <FormDialog
      title="New access token"
      action="Create"
      busy={make.isPending}
      error={make.error ? messageOf(make.error) : ""}
      onClose={onClose}
      onSubmit={() => make.mutate()}
    >
      <label>
        What it is for
        <input autoFocus required maxLength={250} placeholder="nightly training" value={comment} onChange={(event) => setComment(event.target.value)} />
      </label>
      <label>
        Valid for
        <select value={lifetime} onChange={(event) => setLifetime(event.target.value)}>
          {Object.keys(LIFETIMES).map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
      </label>
    </FormDialog>
  );
}

function MadeToken({ value, onClose }: { value: string; onClose: () => void }) {
  return (
    <Dialog title="Copy your token now" onClose={onClose}>
      <div className="dialog-body stack">
        <p>It is not shown again: the server keeps only a mark by which it knows it.</p>
        <p className="row made-token">
          <code className="grow">{value}</code>
          <Copy text={value} label="Copy the token" />
        </p>
      </div>
      <div className="dialog-foot">
        <Button kind="primary" onClick={onClose}>
          Done
        </Button>
      </div>
    </Dialog>
  );
}

function Revoke({ token, onClose }: { token: TokenInfo; onClose: () => void }) {
  const queries = useQueryClient();
  const revoke = useMutation({
    mutationFn: () => revokeToken(token.token_id),
    onSuccess: async () => {
      toast("Token revoked");
      onClose();
      await queries.invalidateQueries({ queryKey: ["tokens"] });
    },
  });
  return (
    <FormDialog
      title="Revoke this token?"
      action="Revoke"
      danger
      busy={revoke.isPending}
      error={revoke.error ? messageOf(revoke.error) : ""}
      onClose={onClose}
      onSubmit={() => revoke.mutate()}
    >
      <p>
        Whoever signs in with {token.comment ? <b>{token.comment}</b> : "it"} is refused from now on. A revoked token does not come back.
      </p>
    </FormDialog>
  );
}
