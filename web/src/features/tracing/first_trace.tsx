import { DEFAULT_WORKSPACE, useSession } from "~/session";
import { Snippet } from "~/ui/bits";

/** What to copy where there is no trace yet. The list asks again by itself. */
export function FirstTrace({ experiment }: { experiment: string }) {
  const { workspace } = useSession();
  const elsewhere = workspace && workspace.name !== DEFAULT_WORKSPACE;
  const settings = [
    `export MLFLOW_TRACKING_URI=${window.location.origin}`,
    ...(elsewhere ? [`export MLFLOW_WORKSPACE=${workspace.name}`] : []),
  ].join("\n");
  const script = `import mlflow

mlflow.set_experiment(${JSON.stringify(experiment)})

@mlflow.trace
def answer(question: str) -> str:
    return "42"

answer("What is the meaning of life?")
`;
  return (
    <section className="onboarding scroll" aria-label="Send a first trace">
      <h2>Send a first trace</h2>
      <p className="muted">
        Decorate a function, switch on <code>mlflow.openai.autolog()</code> and its like, or send OpenTelemetry to{" "}
        <code>{window.location.origin}/v1/traces</code>.
      </p>
      <Snippet label="Shell" code={settings} />
      <Snippet label="Python" code={script} />
      <p className="waiting" role="status">
        <span className="pulse" />
        Waiting for your first trace…
      </p>
    </section>
  );
}
