import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { Fragment, useState } from "react";
import type { Json } from "~/api/trace_types";
import { type Attempt, deliveries, type Delivery, type DeliveryState, sendAgain, type Webhook } from "~/api/webhooks";
import { number, time } from "~/format";
import { paths } from "~/links";
import { JsonView } from "~/shared/json_view";
import { Earlier, PlainTable } from "~/shared/table/plain_table";
import { Ago, Empty, Failure, Loading } from "~/ui/bits";
import { Button, IconButton } from "~/ui/button";
import { toast, toastError } from "~/ui/toast";
import { TryOut, WebhookState } from "./try_out";

const route = getRouteApi("/ml/settings");

const STATES: Record<DeliveryState, { word: string; tone: string }> = {
  PENDING: { word: "Waits", tone: "run" },
  DELIVERED: { word: "Taken", tone: "ok" },
  DEAD: { word: "Given up", tone: "bad" },
};

/** What a webhook was told: every attempt, and when the next one is due. */
export function Deliveries({ webhook }: { webhook: Webhook }) {
  const { state } = route.useSearch();
  const navigate = useNavigate({ from: paths.settings });
  const list = useInfiniteQuery(deliveries(webhook.webhook_id, state));
  const [trying, setTrying] = useState(false);
  const found = list.data?.pages.flatMap((page) => page.deliveries) ?? [];
  const only = (next: DeliveryState | undefined) => void navigate({ search: (before) => ({ ...before, state: next }) });
  return (
    <section className="card" aria-label={`What ${webhook.name} was told`}>
      <p className="back">
        <Button small kind="ghost" icon="left" onClick={() => void navigate({ search: (before) => ({ ...before, hook: undefined, state: undefined }) })}>
          All webhooks
        </Button>
      </p>
      <header className="row wrap">
        <h2 className="grow">{webhook.name}</h2>
        <WebhookState status={webhook.status} />
        <Button icon="spark" onClick={() => setTrying(true)}>
          Send an example
        </Button>
      </header>
      <p className="muted small hook-url">
        <code>{webhook.url}</code> {webhook.has_secret ? "signed" : "not signed: it has no secret"}
      </p>
      <div className="row wrap only" role="group" aria-label="Only">
        {(Object.keys(STATES) as DeliveryState[]).map((each) => (
          <Button key={each} small aria-pressed={state === each} onClick={() => only(state === each ? undefined : each)}>
            {STATES[each].word}
          </Button>
        ))}
      </div>
      {list.isPending ? (
        <Loading rows={5} />
      ) : list.isLoadingError ? (
        <Failure error={list.error} retry={() => void list.refetch()} />
      ) : found.length === 0 ? (
        <Empty icon="hook" title={state ? "None of these" : "Nothing happened yet that it would be told"} />
      ) : (
        <>
          <PlainTable label="Deliveries" heads={["Event", "When", "State", "Attempts", { unseen: "Actions" }]}>
            {found.map((each) => (
              <Line key={each.delivery_id} webhook={webhook} delivery={each} />
            ))}
          </PlainTable>
          <Earlier text={found.length === 1 ? "1 delivery" : `${number(found.length)} deliveries`} list={list} />
        </>
      )}
      {trying && <TryOut webhook={webhook} onClose={() => setTrying(false)} />}
    </section>
  );
}

function Line({ webhook, delivery }: { webhook: Webhook; delivery: Delivery }) {
  const [open, setOpen] = useState(false);
  const queries = useQueryClient();
  const again = useMutation({
    mutationFn: () => sendAgain(webhook.webhook_id, delivery.delivery_id),
    onSuccess: () => {
      toast("It is sent again");
      return queries.invalidateQueries({ queryKey: ["webhooks", "deliveries"] });
    },
    onError: toastError,
  });
  const { word, tone } = STATES[delivery.state] ?? { word: delivery.state, tone: "" };
  const last = delivery.attempts.at(-1);
  return (
    <Fragment>
      <tr>
        <th scope="row">{delivery.event}</th>
        <td className="muted">
          <Ago ms={delivery.creation_timestamp} />
        </td>
        <td>
          <span className={`status ${tone}`}>
            <span className="dot" />
            {word}
          </span>
          {delivery.state === "PENDING" && delivery.next_attempt_timestamp !== undefined && <span className="muted small"> {due(delivery.next_attempt_timestamp)}</span>}
        </td>
        <td className="muted">
          {delivery.attempts.length}
          {last && ` · ${last.response_status ?? "no answer"}`}
        </td>
        <td className="numeric">
          <Button small icon="restore" aria-label={`Send ${delivery.event} again`} blocked={again.isPending && "Under way"} onClick={() => again.mutate()}>
            Again
          </Button>
          <IconButton small icon={open ? "up" : "down"} label={open ? "Less of this delivery" : "More of this delivery"} aria-expanded={open} onClick={() => setOpen(!open)} />
        </td>
      </tr>
      {open && (
        <tr>
          <td colSpan={5}>
            <div className="stack tight">
              <Attempts attempts={delivery.attempts} />
              <Body text={delivery.body} />
              <p className="muted small">
                Delivery <code>{delivery.delivery_id}</code>, the same in every attempt
              </p>
            </div>
          </td>
        </tr>
      )}
    </Fragment>
  );
}

function due(at: number): string {
  const seconds = Math.round((at - Date.now()) / 1000);
  if (seconds <= 0) return "due now";
  if (seconds < 90) return `next in ${seconds} s`;
  return seconds < 5400 ? `next in ${Math.round(seconds / 60)} min` : `next in ${Math.round(seconds / 3600)} h`;
}

function Attempts({ attempts }: { attempts: readonly Attempt[] }) {
  if (attempts.length === 0) return <p className="muted">Not tried yet.</p>;
  return (
    <ol className="attempts">
      {attempts.map((each) => (
        <li key={each.number} className="row wrap">
          <span className={each.problem ? "status bad" : "status ok"}>
            <span className="dot" />
            {each.response_status ?? "no answer"}
          </span>
          <span className="muted">
            {time(each.timestamp)}, {each.milliseconds} ms
          </span>
          {each.problem && <span>{each.problem}</span>}
        </li>
      ))}
    </ol>
  );
}

function read(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** What was sent. */
function Body({ text }: { text: string }) {
  const value = read(text);
  return value === undefined ? <pre className="answer">{text}</pre> : <JsonView value={value} />;
}
