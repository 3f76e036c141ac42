import { useQuery } from "@tanstack/react-query";
import { run as runQuery } from "~/api/runs";
import type { Run } from "~/api/types";
import { paths } from "~/links";
import { PeekWaiting } from "~/shared/table/peek_waiting";
import { Copy, Status } from "~/ui/bits";
import { IconButton, LinkButton } from "~/ui/button";
import { RunFacts, RunMetrics, RunParams, RunTags } from "./run_overview";

interface Props {
  id: string;
  /** As the table has it; an address may name one that is not loaded yet. */
  listed: Run | undefined;
  onClose: () => void;
}

/** A run beside the table. J and K go to the next, Escape closes it. */
export function Peek({ id, listed, onClose }: Props) {
  const found = useQuery({ ...runQuery(id), placeholderData: listed });
  const run = found.data ?? listed;
  if (!run) return <PeekWaiting label="Run" error={found.error} onClose={onClose} />;
  const { info } = run;
  return (
    <aside className="peek" aria-label={`Run ${info.run_name}`}>
      <header className="peek-head">
        <div className="row">
          <h2 className="grow ellipsis" title={info.run_name}>
            {info.run_name}
          </h2>
          <span className="keys muted">
            <kbd>J</kbd> <kbd>K</kbd>
          </span>
          <IconButton small icon="close" label="Close" onClick={onClose} />
        </div>
        <div className="row">
          <Status status={run.info.status} />
          <code className="muted ellipsis">{info.run_id.slice(0, 12)}…</code>
          <Copy text={info.run_id} label="Copy the run id" />
          <span className="grow" />
          <LinkButton small icon="expand" to={paths.run} params={{ experimentId: info.experiment_id, runId: info.run_id }}>
            Open
          </LinkButton>
        </div>
      </header>
      <div className="peek-body">
        <RunFacts run={run} />
        <RunMetrics run={run} />
        <RunParams run={run} />
        <RunTags run={run} />
      </div>
    </aside>
  );
}
