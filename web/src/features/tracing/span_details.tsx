/* oxlint-disable react/no-array-index-key -- these lists are never reordered */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { traceSpan } from "~/api/traces";
import type { Assessment, Json, Outline, Span } from "~/api/trace_types";
import { duration, number, time } from "~/format";
import { JsonView } from "~/shared/json_view";
import { Copy, Failure, Loading } from "~/ui/bits";
import { Icon } from "~/ui/icons";
import { Assessments } from "./assessments";
import { attributesOf, money } from "./facts";
import { lookOf, typeWord } from "./kinds";
import { Payload, ViewSwitch } from "./payload";

interface Props {
  experiment: string;
  trace: string;
  spans: Outline;
  place: number;
  assessments: readonly Assessment[];
}

/** One span: what went in, what came out, and all else it says. */
export function SpanDetails({ experiment, trace, spans, place, assessments }: Props) {
  const id = spans.ids[place] as string;
  const span = useQuery(traceSpan(trace, id));
  const name = spans.names[spans.name[place] as number] as string;
  const type = spans.types[spans.type[place] as number] as string;
  const look = lookOf(type);
  const took = spans.duration_us[place] as number;
  const cost = spans.costs[place];
  const tokens = spans.tokens[place];
  return (
    <div className="details-body">
      <header className="details-head">
        <div className="row">
          <span className={`kind kind-${look.tone}`}>
            <Icon name={look.icon} />
          </span>
          <h2 className="ellipsis" title={name}>
            {name}
          </h2>
          <span className="pill">{typeWord(type)}</span>
          <span className="grow" />
          <ViewSwitch />
        </div>
        <p className="row wrap muted small">
          <span>{took < 0 ? "running" : duration(took / 1_000)}</span>
          {tokens !== undefined && <span>{number(tokens)} tokens</span>}
          {cost !== undefined && <span>{money(cost)}</span>}
          <span>{time((Number(spans.start_ns) / 1e6) + (spans.start_us[place] as number) / 1_000)}</span>
          <code className="row">
            {id} <Copy text={id} label="Copy the span id" />
          </code>
        </p>
      </header>
      {span.isPending ? (
        <Loading rows={6} />
      ) : span.isLoadingError ? (
        <Failure error={span.error} retry={() => void span.refetch()} />
      ) : (
        <Content experiment={experiment} trace={trace} span={span.data} id={id} assessments={assessments} />
      )}
    </div>
  );
}

const INPUTS = "mlflow.spanInputs";
const OUTPUTS = "mlflow.spanOutputs";
const HIDDEN = new Set([INPUTS, OUTPUTS, "mlflow.traceRequestId", "mlflow.spanType"]);

function Content({ experiment, trace, span, id, assessments }: { experiment: string; trace: string; span: Span; id: string; assessments: readonly Assessment[] }) {
  const attributes = attributesOf(span.attributes);
  const others = Object.entries(attributes).filter(([key]) => !HIDDEN.has(key));
  const model = attributes["mlflow.llm.model"];
  const events = span.events ?? [];
  return (
    <>
      {span.status.message && (
        <p className="span-error" role="alert">
          {span.status.message}
        </p>
      )}
      <Assessments experiment={experiment} trace={trace} span={id} all={assessments} />
      {typeof model === "string" && (
        <p className="muted small">
          Model <code>{model}</code>
        </p>
      )}
      <Payload title="Inputs" value={attributes[INPUTS]} />
      <Payload title="Outputs" value={attributes[OUTPUTS]} />
      {events.length > 0 && (
        <Fold title="Events" count={events.length} open={events.some((each) => each.name === "exception")}>
          {events.map((event, at) => (
            <Event key={at} event={event} start={span.start_time_unix_nano} />
          ))}
        </Fold>
      )}
      {others.length > 0 && (
        <Fold title="Attributes" count={others.length} open={attributes[INPUTS] === undefined}>
          <JsonView value={Object.fromEntries(others)} />
        </Fold>
      )}
      {(span.links ?? []).length > 0 && (
        <Fold title="Links" count={span.links?.length ?? 0} open={false}>
          <JsonView value={span.links as unknown as Json} />
        </Fold>
      )}
    </>
  );
}

function Event({ event, start }: { event: NonNullable<Span["events"]>[number]; start: string }) {
  const attributes = attributesOf(event.attributes);
  const stack = attributes["exception.stacktrace"];
  const after = Number(BigInt(event.time_unix_nano) - BigInt(start)) / 1e6;
  const rest = Object.fromEntries(Object.entries(attributes).filter(([key]) => key !== "exception.stacktrace"));
  return (
    <article className={event.name === "exception" ? "span-event bad" : "span-event"} aria-label={event.name}>
      <p className="row">
        <b>{event.name}</b>
        <span className="muted small">after {duration(after)}</span>
      </p>
      {Object.keys(rest).length > 0 && <JsonView value={rest} />}
      {typeof stack === "string" && <pre className="stack" tabIndex={0}>{stack}</pre>}
    </article>
  );
}

function Fold({ title, count, open: first, children }: { title: string; count: number; open: boolean; children: React.ReactNode }) {
  const [open, setOpen] = useState(first);
  return (
    <section className="payload" aria-label={title}>
      <header className="row">
        <button type="button" className="payload-title" aria-expanded={open} onClick={() => setOpen(!open)}>
          <Icon name={open ? "down" : "right"} size={12} />
          <h3>
            {title} <span className="count">{count}</span>
          </h3>
        </button>
      </header>
      {open && <div className="payload-body">{children}</div>}
    </section>
  );
}
