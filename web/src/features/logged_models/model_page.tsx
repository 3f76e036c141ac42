import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { experiment as experimentQuery } from "~/api/experiments";
import { deleteModel, deleteModelTag, model as modelQuery, namesOfRuns, setModelTag } from "~/api/models";
import type { LoggedModel, Metric } from "~/api/types";
import { number, splitName, time, userTags } from "~/format";
import { paths } from "~/links";
import { useMayChange } from "~/shared/access/may";
import { useExperimentAccess } from "~/shared/access/experiment_access";
import { ArtifactBrowser } from "~/shared/artifacts/browser";
import { PageHead } from "~/shared/page";
import { Copy, Failure, Loading, Snippet, Tabs, useTitle } from "~/ui/bits";
import { LinkButton } from "~/ui/button";
import { FormDialog } from "~/ui/dialog";
import { Menu, MenuItem } from "~/ui/menu";
import { TagsEditor } from "~/ui/tags_editor";
import { messageOf, toast } from "~/ui/toast";
import { ModelStatus } from "./status";

const Lineage = lazy(() => import("~/shared/lineage/graph").then((module) => ({ default: module.LineageGraph })));
const route = getRouteApi("/ml/experiments/$experimentId/models/$modelId");
const TABS = [
  { id: "overview", name: "Overview" },
  { id: "artifacts", name: "Artifacts" },
  { id: "lineage", name: "Lineage" },
] as const;

export function ModelPage() {
  const { experimentId, modelId } = route.useParams();
  const model = useQuery(modelQuery(modelId));
  const experiment = useQuery(experimentQuery(experimentId));
  useTitle(model.data?.info.name);
  if (model.isPending) return <Loading />;
  if (model.isLoadingError) return <Failure error={model.error} retry={() => void model.refetch()} back={<LinkButton to={paths.models} params={{ experimentId }}>Models of the experiment</LinkButton>} />;
  return <Loaded model={model.data} experiment={experiment.data?.name ?? `Experiment ${experimentId}`} />;
}

function Loaded({ model, experiment }: { model: LoggedModel; experiment: string }) {
  const search = route.useSearch();
  const navigate = useNavigate({ from: paths.model });
  const { info } = model;
  const tab = search.tab ?? "overview";
  const place = { experimentId: info.experiment_id };
  return (
    <div className="page fill">
      <PageHead
        crumbs={[
          { name: "Experiments", link: { to: paths.experiments } },
          { name: splitName(experiment).leaf, link: { to: paths.experiment, params: place } },
          { name: "Models", link: { to: paths.models, params: place } },
        ]}
        title={
          <>
            <h1 className="ellipsis">{info.name}</h1>
            <ModelStatus status={info.status} pill />
          </>
        }
        actions={<Actions model={model} />}
      >
        <Tabs
          label="Model"
          tabs={TABS}
          value={tab}
          onChange={(next) =>
            void navigate({ search: (before) => ({ ...before, tab: next === "overview" ? undefined : next, file: undefined }) })
          }
        />
      </PageHead>
      {tab === "overview" ? (
        <Overview model={model} />
      ) : tab === "lineage" ? (
        <Suspense fallback={<Loading />}>
          <Lineage object={{ kind: "LOGGED_MODEL", id: info.model_id }} />
        </Suspense>
      ) : (
        <ArtifactBrowser
          owner={{ model: info.model_id }}
          file={search.file ?? "MLmodel"}
          onFile={(file) => void navigate({ search: (before) => ({ ...before, file }) })}
        />
      )}
    </div>
  );
}

function Actions({ model }: { model: LoggedModel }) {
  const readOnly = useMayChange(model.info.experiment_id);
  const [deleting, setDeleting] = useState(false);
  const access = useExperimentAccess(model.info.experiment_id, model.info.name);
  return (
    <>
      <Menu label="" name="Actions for this model" icon="more" align="end">
        {(close) => (
          <>
            {access.item(close)}
            <MenuItem icon="trash" danger blocked={readOnly} onClick={() => (close(), setDeleting(true))}>
              Delete
            </MenuItem>
          </>
        )}
      </Menu>
      {access.dialog}
      {deleting && <DeleteModel model={model} onClose={() => setDeleting(false)} />}
    </>
  );
}

function DeleteModel({ model: { info }, onClose }: { model: LoggedModel; onClose: () => void }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const remove = useMutation({
    mutationFn: () => deleteModel(info.model_id),
    onSuccess: async () => {
      toast(`${info.name} deleted`);
      await navigate({ to: paths.models, params: { experimentId: info.experiment_id } });
      await queries.invalidateQueries({ queryKey: ["models"] });
    },
  });
  return (
    <FormDialog
      title={`Delete ${info.name}?`}
      action="Delete"
      danger
      busy={remove.isPending}
      error={remove.error ? messageOf(remove.error) : ""}
      onClose={onClose}
      onSubmit={() => remove.mutate()}
    >
      <p>
        It goes into the trash, and the API has no way to bring it back. Its files stay until the trash is emptied
        {info.registrations.length > 0 && "; versions registered from it can be loaded no more then"}.
      </p>
    </FormDialog>
  );
}

function Overview({ model }: { model: LoggedModel }) {
  const { info, data } = model;
  const run = useQuery(namesOfRuns(info.experiment_id, [model])).data?.get(info.source_run_id);
  const readOnly = useMayChange(info.experiment_id);
  const queries = useQueryClient();
  return (
    <div className="scroll overview">
      <div className="columns">
        <section className="card" aria-label="About">
          <dl className="facts">
            <Fact name="Created">{time(info.creation_timestamp_ms)}</Fact>
            {info.model_type && <Fact name="Type">{info.model_type}</Fact>}
            {info.source_run_id && (
              <Fact name="Logged by run">
                <Link to={paths.run} params={{ experimentId: info.experiment_id, runId: info.source_run_id }}>
                  {run ?? info.source_run_id.slice(0, 8)}
                </Link>
              </Fact>
            )}
            {info.registrations.map((each) => (
              <Fact key={`${each.name} ${each.version}`} name="Registered as">
                <Link to={paths.registered} params={{ name: each.name }} search={{ version: each.version }}>
                  {each.name} version {each.version}
                </Link>
              </Fact>
            ))}
            <Fact name="Model ID">
              <span className="row">
                <code className="ellipsis">{info.model_id}</code>
                <Copy text={info.model_id} label="Copy the model id" />
              </span>
            </Fact>
          </dl>
          <section className="entries" aria-label="Tags">
            <h3>Tags</h3>
            <TagsEditor
              tags={userTags(info.tags)}
              blocked={readOnly}
              set={(key, value) => setModelTag(info.model_id, key, value)}
              remove={(key) => deleteModelTag(info.model_id, key)}
              changed={() => void queries.invalidateQueries({ queryKey: ["models"] })}
            />
          </section>
          <Snippet label="Use it in Python" code={`import mlflow\n\nmodel = mlflow.pyfunc.load_model("models:/${info.model_id}")\npredictions = model.predict(data)`} />
        </section>
        <section className="card" aria-label="Params">
          <h3>
            Params <span className="count">{data.params.length}</span>
          </h3>
          <table className="pairs">
            <tbody>
              {data.params.map(({ key, value }) => (
                <tr key={key}>
                  <th scope="row">{key}</th>
                  <td title={value}>{value}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
        <section className="card wide" aria-label="Metrics">
          <MetricTable metrics={data.metrics} experiment={info.experiment_id} />
        </section>
      </div>
    </div>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function MetricTable({ metrics, experiment }: { metrics: readonly Metric[]; experiment: string }) {
  const sorted = metrics.toSorted((a, b) => (a.dataset_name ?? "").localeCompare(b.dataset_name ?? "") || a.key.localeCompare(b.key));
  return (
    <>
      <h3>
        Metrics by data set <span className="count">{metrics.length}</span>
      </h3>
      {metrics.length === 0 ? (
        <p className="muted none">None</p>
      ) : (
        <div className="scroll-x">
          <table className="simple">
            <thead>
              <tr>
                <th scope="col">Metric</th>
                <th scope="col" className="numeric">Value</th>
                <th scope="col">Data set</th>
                <th scope="col">Run</th>
              </tr>
            </thead>
            <tbody>
              {sorted.map((each) => (
                <tr key={`${each.key} ${each.dataset_name} ${each.dataset_digest} ${each.run_id} ${each.step}`}>
                  <th scope="row">{each.key}</th>
                  <td className="numeric" title={`${each.value} at step ${each.step}`}>{number(each.value)}</td>
                  <td>
                    {each.dataset_name ?? "–"} <code className="muted">{each.dataset_digest}</code>
                  </td>
                  <td>
                    {each.run_id && (
                      <Link className="quiet" to={paths.run} params={{ experimentId: experiment, runId: each.run_id }}>
                        {each.run_id.slice(0, 8)}
                      </Link>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}
