import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { paths } from "~/links";
import { RegistryList } from "~/shared/registry/registry_list";
import { Snippet, useTitle } from "~/ui/bits";

const route = getRouteApi("/ml/models");

export function RegistryPage() {
  const search = route.useSearch();
  const navigate = useNavigate({ from: paths.registry });
  useTitle("Models");
  return (
    <RegistryList
      kind="model"
      title="Models"
      search={search}
      onSearch={(change) => void navigate({ search: (before) => ({ ...before, ...change }) })}
      none={<NoModels />}
    />
  );
}

function NoModels() {
  const code = `import mlflow

with mlflow.start_run():
    mlflow.sklearn.log_model(model, name="iris", registered_model_name="iris")

client = mlflow.MlflowClient()
client.set_registered_model_alias("iris", "champion", 1)
`;
  return (
    <section className="onboarding" aria-label="Register a model">
      <h2>No registered models yet</h2>
      <p className="muted">A registered model collects the versions of a model under one name; an alias says which of them is in use.</p>
      <Snippet label="Python" code={code} />
    </section>
  );
}
