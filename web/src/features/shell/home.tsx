import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { searchExperiments } from "~/api/experiments";
import { findInExperiments } from "~/api/find";
import { searchRuns } from "~/api/runs";
import type { TraceInfo } from "~/api/trace_types";
import { searchTraces } from "~/api/traces";
import type { Experiment, Run } from "~/api/types";
import { duration, firstLine, splitName, tagOf } from "~/format";
import { paths } from "~/links";
import { Onboarding } from "~/shared/onboarding";
import { PageHead } from "~/shared/page";
import { PlainTable } from "~/shared/table/plain_table";
import { briefly, TraceStatus } from "~/shared/trace/brief";
import { Ago, Failure, Loading, Status, useTitle } from "~/ui/bits";
import { LinkButton } from "~/ui/button";

const EXPERIMENTS = 100; // in whose traces the newest are looked for
const TILES = 6;
const RUNS = 12;
const TRACES = 6;

function useHome() {
  return useQuery({
    queryKey: ["home"],
    queryFn: async ({ signal }) => {
      const [{ experiments }, newest] = await Promise.all([
        searchExperiments({ order: "last_update_time DESC", limit: EXPERIMENTS }, signal),
        findInExperiments("", RUNS, signal),
      ]);
      // Those in which the newest runs are: an experiment without runs may have changed later than all of them.
      const names = new Map(newest.map((each) => [each.experiment_id, splitName(each.experiment_name).leaf]));
      const search = { experiments: [...names.keys()], filter: "", order: "", view: "ACTIVE_ONLY" as const };
      const places = experiments.map((each) => each.experiment_id);
      const [{ runs }, { traces }] = await Promise.all([
        names.size > 0 ? searchRuns(search, RUNS, undefined, signal) : { runs: [] },
        places.length > 0 ? searchTraces({ experiments: places, filter: "", order: "" }, TRACES, undefined, signal) : { traces: [] },
      ]);
      for (const each of experiments) names.set(each.experiment_id, splitName(each.name).leaf);
      return { experiments, runs, traces, names };
    },
    refetchInterval: 5_000,
  });
}

export function Home() {
  const home = useHome();
  useTitle("Home");
  if (home.isPending) return <Loading />;
  if (home.isLoadingError) return <Failure error={home.error} retry={() => void home.refetch()} />;
  const { experiments, runs, traces, names } = home.data;
  return (
    <div className="page narrow">
      <PageHead
        crumbs={[]}
        title={<h1>Home</h1>}
        actions={
          <LinkButton to={paths.experiments} icon="flask">
            All experiments
          </LinkButton>
        }
      />
      {runs.length === 0 && traces.length === 0 ? (
        <Onboarding />
      ) : (
        <div className="stack">
          <section className="card" aria-label="Experiments">
            <h2>Recent experiments</h2>
            <ul className="tiles">
              {experiments.slice(0, TILES).map((each) => (
                <Tile key={each.experiment_id} experiment={each} />
              ))}
            </ul>
          </section>
          {runs.length > 0 && (
            <section className="card" aria-label="Runs">
              <h2>Recent runs</h2>
              <RunLines runs={runs} names={names} />
            </section>
          )}
          {traces.length > 0 && (
            <section className="card" aria-label="Traces">
              <h2>Recent traces</h2>
              <TraceLines traces={traces} names={names} />
            </section>
          )}
        </div>
      )}
    </div>
  );
}

function Tile({ experiment }: { experiment: Experiment }) {
  const { folder, leaf } = splitName(experiment.name);
  const note = tagOf(experiment.tags, "mlflow.note.content");
  return (
    <li>
      <Link className="tile" to={paths.experiment} params={{ experimentId: experiment.experiment_id }}>
        <b className="ellipsis">{leaf}</b>
        <span className="muted ellipsis small">
          {folder && `${folder} · `}
          <Ago ms={experiment.last_update_time} />
        </span>
        {note && <span className="muted ellipsis small">{firstLine(note)}</span>}
      </Link>
    </li>
  );
}

type Names = ReadonlyMap<string, string>;

function RunLines({ runs, names }: { runs: Run[]; names: Names }) {
  return (
    <PlainTable heads={["Run", "Status", "Experiment", "Started", "Duration"]}>
      {runs.map(({ info }) => (
        <tr key={info.run_id}>
          <td>
            <Link to={paths.run} params={{ experimentId: info.experiment_id, runId: info.run_id }}>
              {info.run_name}
            </Link>
          </td>
          <td>
            <Status status={info.status} plain />
          </td>
          <td>
            <Link className="quiet" to={paths.experiment} params={{ experimentId: info.experiment_id }}>
              {names.get(info.experiment_id)}
            </Link>
          </td>
          <td className="muted">
            <Ago ms={info.start_time} />
          </td>
          <td className="muted">{info.end_time ? duration(info.end_time - info.start_time) : "–"}</td>
        </tr>
      ))}
    </PlainTable>
  );
}

function TraceLines({ traces, names }: { traces: TraceInfo[]; names: Names }) {
  return (
    <PlainTable heads={["Request", "State", "Experiment", "Started", "Duration"]}>
      {traces.map((trace) => {
        const experimentId = trace.trace_location.mlflow_experiment.experiment_id;
        return (
          <tr key={trace.trace_id}>
            <td className="cut-short" title={briefly(trace.request_preview)}>
              <Link to={paths.trace} params={{ experimentId, traceId: trace.trace_id }}>
                {briefly(trace.request_preview) || trace.tags?.["mlflow.traceName"] || trace.trace_id}
              </Link>
            </td>
            <td>
              <TraceStatus state={trace.state} plain />
            </td>
            <td>
              <Link className="quiet" to={paths.traces} params={{ experimentId }}>
                {names.get(experimentId)}
              </Link>
            </td>
            <td className="muted">
              <Ago ms={Date.parse(trace.request_time)} />
            </td>
            <td className="muted">{trace.execution_duration ? duration(Number.parseFloat(trace.execution_duration) * 1_000) : "–"}</td>
          </tr>
        );
      })}
    </PlainTable>
  );
}
