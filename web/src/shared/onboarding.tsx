import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { findInExperiments } from "~/api/find";
import { searchRuns } from "~/api/runs";
import { paths } from "~/links";
import { DEFAULT_WORKSPACE, useSession } from "~/session";
import { Snippet } from "~/ui/bits";
import { Icon } from "~/ui/icons";
import { toast } from "~/ui/toast";

/** What to copy into a script, and a look every two seconds whether its first run has come. */
export function Onboarding({ experiment }: { experiment?: { id: string; name: string } }) {
  const { workspace } = useSession();
  const navigate = useNavigate();
  const first = useQuery({
    queryKey: ["first-run", experiment?.id],
    queryFn: async ({ signal }) => {
      if (!experiment) {
        const [run] = await findInExperiments("", 1, signal);
        return run ? { run_id: run.id, run_name: run.name, experiment_id: run.experiment_id } : null;
      }
      const page = await searchRuns({ experiments: [experiment.id], filter: "", order: "", view: "ACTIVE_ONLY" }, 1, undefined, signal);
      return page.runs[0]?.info ?? null;
    },
    refetchInterval: 2_000,
    staleTime: 0,
  });
  const arrived = first.data;
  useEffect(() => {
    if (!arrived) return;
    toast(`The first run is here: ${arrived.run_name}`);
    void navigate({ to: paths.run, params: { experimentId: arrived.experiment_id, runId: arrived.run_id } });
  }, [arrived, navigate]);

  const elsewhere = workspace && workspace.name !== DEFAULT_WORKSPACE;
  const settings = [
    "pip install mlflow",
    `export MLFLOW_TRACKING_URI=${window.location.origin}`,
    ...(elsewhere ? [`export MLFLOW_WORKSPACE=${workspace.name}`] : []),
  ].join("\n");
  const name = experiment?.name ?? "my-first-experiment";
  const script = `import mlflow

mlflow.set_experiment(${JSON.stringify(name)})
with mlflow.start_run():
    mlflow.log_param("learning_rate", 0.01)
    for step in range(100):
        mlflow.log_metric("loss", 1 / (step + 1), step=step)
`;
  return (
    <section className="onboarding" aria-label="Log a first run">
      <h2>Log a first run</h2>
      <p className="muted">Any MLflow client works as it is. Copy this, run it, and watch this page.</p>
      <Snippet label="Shell" code={settings} />
      <Snippet label="Python" code={script} />
      <p className="waiting" role="status">
        <span className="pulse" />
        Waiting for your first run…
        <span className="muted">
          <Icon name="check" size={12} /> this page opens it by itself
        </span>
      </p>
    </section>
  );
}
