import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { searchExperiments } from "~/api/experiments";
import { findInExperiments } from "~/api/find";
import { searchRuns } from "~/api/runs";
import type { Experiment, Run } from "~/api/types";
import { duration, firstLine, splitName, tagOf } from "~/format";
import { paths } from "~/links";
import { Onboarding } from "~/shared/onboarding";
import { PageHead } from "~/shared/page";
import { Ago, Failure, Loading, Status, useTitle } from "~/ui/bits";
import { LinkButton } from "~/ui/button";

const RUNS = 12;

function useHome() {
  return useQuery({
    queryKey: ["home"],
    queryFn: async ({ signal }) => {
      const [{ experiments }, newest] = await Promise.all([
        searchExperiments({ order: "last_update_time DESC", limit: 6 }, signal),
        findInExperiments("", RUNS, signal),
      ]);
      // Those in which the newest runs are: an experiment without runs may have changed later than all of them.
      const names = new Map(newest.map((each) => [each.experiment_id, splitName(each.experiment_name).leaf]));
      const search = { experiments: [...names.keys()], filter: "", order: "", view: "ACTIVE_ONLY" as const };
      const runs = names.size > 0 ? (await searchRuns(search, RUNS, undefined, signal)).runs : [];
      return { experiments, runs, names };
    },
    refetchInterval: 5_000,
  });
}

export function Home() {
  const home = useHome();
  useTitle("Home");
  if (home.isPending) return <Loading />;
  if (home.isError) return <Failure error={home.error} retry={() => void home.refetch()} />;
  const { experiments, runs, names } = home.data;
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
      {runs.length === 0 ? (
        <Onboarding />
      ) : (
        <div className="stack">
          <section className="card" aria-label="Experiments">
            <h2>Recent experiments</h2>
            <ul className="tiles">
              {experiments.map((each) => (
                <Tile key={each.experiment_id} experiment={each} />
              ))}
            </ul>
          </section>
          <section className="card" aria-label="Runs">
            <h2>Recent runs</h2>
            <RunLines runs={runs} names={names} />
          </section>
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
        <span className="muted ellipsis small">{folder || "\u00a0"}</span>
        <b className="ellipsis">{leaf}</b>
        <span className="muted ellipsis small">
          {note ? firstLine(note) : <Ago ms={experiment.last_update_time} />}
        </span>
      </Link>
    </li>
  );
}

function RunLines({ runs, names }: { runs: Run[]; names: ReadonlyMap<string, string> }) {
  return (
    <div className="scroll-x">
      <table className="simple">
        <thead>
          <tr>
            <th>Run</th>
            <th>Status</th>
            <th>Experiment</th>
            <th>Started</th>
            <th>Duration</th>
          </tr>
        </thead>
        <tbody>
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
        </tbody>
      </table>
    </div>
  );
}
