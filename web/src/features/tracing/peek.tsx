import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { traceInfo } from "~/api/traces";
import type { TraceInfo } from "~/api/trace_types";
import { paths } from "~/links";
import { TraceStatus } from "~/shared/trace/brief";
import { PeekWaiting } from "~/shared/table/peek_waiting";
import { Copy } from "~/ui/bits";
import { IconButton, LinkButton } from "~/ui/button";
import { Assessments } from "./assessments";
import { factsOf, readPreview } from "./facts";
import { Payload, ViewSwitch } from "./payload";
import { Labels, TraceFigures } from "./trace_facts";

interface Props {
  id: string;
  /** As the table has it; an address may name one that is not loaded yet. */
  listed: TraceInfo | undefined;
  onClose: () => void;
}

/** A trace beside the table. J and K go to the next, Escape closes it. */
export function TracePeek({ id, listed, onClose }: Props) {
  const found = useQuery({ ...traceInfo(id), placeholderData: listed });
  const trace = found.data ?? listed;
  if (!trace) return <PeekWaiting wide label="Trace" error={found.error} onClose={onClose} />;
  const place = { experimentId: trace.trace_location.mlflow_experiment.experiment_id, traceId: trace.trace_id };
  const { name } = factsOf(trace);
  return (
    <aside className="peek wide" aria-label={`Trace ${name}`}>
      <header className="peek-head">
        <div className="row">
          <h2 className="grow ellipsis" title={name}>
            <Link to={paths.trace} params={place} search={{}}>
              {name || trace.trace_id}
            </Link>
          </h2>
          <span className="keys muted">
            <kbd>J</kbd> <kbd>K</kbd>
          </span>
          <IconButton small icon="close" label="Close" onClick={onClose} />
        </div>
        <div className="row">
          <TraceStatus state={trace.state} />
          <code className="muted ellipsis">{trace.trace_id.slice(0, 14)}…</code>
          <Copy text={trace.trace_id} label="Copy the trace id" />
          <span className="grow" />
          <LinkButton small icon="expand" to={paths.trace} params={place} search={{}}>
            Open
          </LinkButton>
        </div>
        <TraceFigures trace={trace} />
      </header>
      <div className="peek-body">
        <Assessments experiment={trace.trace_location.mlflow_experiment.experiment_id} trace={trace.trace_id} all={trace.assessments ?? []} />
        <div className="row">
          <ViewSwitch />
        </div>
        <Payload title="Request" value={readPreview(trace.request_preview)} />
        <Payload title="Response" value={readPreview(trace.response_preview)} />
        <Labels trace={trace} />
      </div>
    </aside>
  );
}
