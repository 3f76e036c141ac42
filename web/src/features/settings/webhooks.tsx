import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { deleteWebhook, updateWebhook, type Webhook, webhooks } from "~/api/webhooks";
import { count } from "~/format";
import { paths } from "~/links";
import { useSession } from "~/session";
import { PlainTable } from "~/shared/table/plain_table";
import { Ago, Empty, Failure, Loading } from "~/ui/bits";
import { Button } from "~/ui/button";
import { FormDialog } from "~/ui/dialog";
import { Menu, MenuItem } from "~/ui/menu";
import { messageOf, toast, toastError } from "~/ui/toast";
import { Deliveries } from "./deliveries";
import { TryOut, WebhookState } from "./try_out";
import { WebhookForm } from "./webhook_form";

const route = getRouteApi("/ml/settings");

/** Other programs that are told what happens here; and of one of them, what it was told. */
export function Webhooks() {
  const { hook } = route.useSearch();
  const { who, workspace } = useSession();
  const found = useQuery(webhooks);
  if (found.isPending) return <Loading rows={4} />;
  if (found.isLoadingError) return <Failure error={found.error} retry={() => void found.refetch()} />;
  const blocked = !who.is_admin && workspace?.role !== "MANAGE" && "It takes the role MANAGE in the workspace.";
  const chosen = found.data.find((each) => each.webhook_id === hook);
  if (chosen) return <Deliveries webhook={chosen} />;
  return <List all={found.data} blocked={blocked} />;
}

type Asking = { kind: "new" } | { kind: "edit" | "test" | "delete"; webhook: Webhook };

function List({ all, blocked }: { all: readonly Webhook[]; blocked: string | false }) {
  const [asking, setAsking] = useState<Asking | null>(null);
  const close = () => setAsking(null);
  return (
    <section className="card" aria-label="Webhooks">
      <header className="row">
        <h2 className="grow">Webhooks</h2>
        <Button icon="plus" kind="primary" blocked={blocked} onClick={() => setAsking({ kind: "new" })}>
          New webhook
        </Button>
      </header>
      <p className="muted">Another program is told when something happens here: signed, again and again until it is taken, with a log of every attempt.</p>
      {all.length === 0 ? (
        <Empty icon="hook" title="Nobody is told of anything yet">
          <p>A chat that hears of failed runs, a pipeline that deploys what becomes @champion.</p>
        </Empty>
      ) : (
        <PlainTable label="All webhooks" look="simple webhooks" heads={["Name", "Hears of", "State", "Changed", { unseen: "Actions" }]}>
          {all.map((each) => (
            <Line key={each.webhook_id} webhook={each} blocked={blocked} onAsk={(kind) => setAsking({ kind, webhook: each })} />
          ))}
        </PlainTable>
      )}
      {asking?.kind === "new" && <WebhookForm onClose={close} />}
      {asking?.kind === "edit" && <WebhookForm webhook={asking.webhook} onClose={close} />}
      {asking?.kind === "test" && <TryOut webhook={asking.webhook} onClose={close} />}
      {asking?.kind === "delete" && <Gone webhook={asking.webhook} onClose={close} />}
    </section>
  );
}

function Line({ webhook, blocked, onAsk }: { webhook: Webhook; blocked: string | false; onAsk: (kind: "edit" | "test" | "delete") => void }) {
  const queries = useQueryClient();
  const navigate = useNavigate({ from: paths.settings });
  const active = webhook.status === "ACTIVE";
  const turn = useMutation({
    mutationFn: (status: string) => updateWebhook(webhook.webhook_id, { status }),
    onSuccess: (_, status) => {
      toast(status === "ACTIVE" ? `${webhook.name} is told again` : `${webhook.name} is left alone`, () => turn.mutate(webhook.status));
      return queries.invalidateQueries({ queryKey: ["webhooks"] });
    },
    onError: toastError,
  });
  const log = () => void navigate({ search: (before) => ({ ...before, hook: webhook.webhook_id }) });
  return (
    <tr>
      <th scope="row">
        <button type="button" className="plain-link" onClick={log}>
          {webhook.name}
        </button>
        <p className="muted small ellipsis about" title={webhook.url}>
          {webhook.url}
        </p>
      </th>
      <td title={webhook.events.join("\n")}>
        {webhook.events.length > 1 ? count(webhook.events.length, "event") : webhook.events[0]}
        {webhook.model_name && <span className="muted"> of {webhook.model_name}</span>}
      </td>
      <td>
        <WebhookState status={webhook.status} />
      </td>
      <td className="muted">
        <Ago ms={webhook.last_updated_timestamp} />
      </td>
      <td className="numeric">
        <Menu label="" name={`Actions for ${webhook.name}`} icon="more" small align="end" floating>
          {(close) => (
            <>
              <MenuItem icon="clock" onClick={() => (close(), log())}>
                What it was told
              </MenuItem>
              <MenuItem icon="spark" blocked={blocked} onClick={() => (close(), onAsk("test"))}>
                Send an example
              </MenuItem>
              <MenuItem icon="edit" blocked={blocked} onClick={() => (close(), onAsk("edit"))}>
                Edit
              </MenuItem>
              <MenuItem icon={active ? "close" : "check"} blocked={blocked} onClick={() => (close(), turn.mutate(active ? "DISABLED" : "ACTIVE"))}>
                {active ? "Turn off" : "Turn on"}
              </MenuItem>
              <MenuItem icon="trash" danger blocked={blocked} onClick={() => (close(), onAsk("delete"))}>
                Delete
              </MenuItem>
            </>
          )}
        </Menu>
      </td>
    </tr>
  );
}

function Gone({ webhook, onClose }: { webhook: Webhook; onClose: () => void }) {
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => deleteWebhook(webhook.webhook_id),
    onSuccess: async () => {
      toast(`${webhook.name} deleted`);
      onClose();
      await queries.invalidateQueries({ queryKey: ["webhooks"] });
    },
  });
  return (
    <FormDialog title={`Delete ${webhook.name}?`} action="Delete for good" danger busy={remove.isPending} error={remove.error ? messageOf(remove.error) : ""} onClose={onClose} onSubmit={() => remove.mutate()}>
      <p>What waits to be sent is forgotten, its log and its secret too.</p>
    </FormDialog>
  );
}
