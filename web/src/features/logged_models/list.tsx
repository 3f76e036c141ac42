import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { ApiError } from "~/api/client";
import { experiment as experimentQuery } from "~/api/experiments";
import { modelList, namesOfRuns } from "~/api/models";
import type { LoggedModel, Metric } from "~/api/types";
import { count, number, toNumber } from "~/format";
import { paths } from "~/links";
import { ExperimentHead } from "~/shared/experiment/head";
import { FilterBar } from "~/shared/filter/filter_bar";
import { runVocabulary } from "~/shared/filter/run_vocabulary";
import { Ago, Empty, Failure, Loading, Snippet, useTitle } from "~/ui/bits";
import { Button, LinkButton } from "~/ui/button";
import { Icon } from "~/ui/icons";
import { ModelStatus } from "./status";

const route = getRouteApi("/ml/experiments/$experimentId/models");
const COLUMNS = 10;

export function ModelsPage() {
  const { experimentId } = route.useParams();
  const search = route.useSearch();
  const navigate = useNavigate({ from: paths.models });
  const experiment = useQuery(experimentQuery(experimentId));
  const order = search.sort ?? "creation_timestamp DESC";
  const list = useInfiniteQuery(modelList({ experiment: experimentId, filter: search.q ?? "", order }));
  const models = useMemo(() => list.data?.pages.flatMap((page) => page.models) ?? [], [list.data]);
  const metrics = useMemo(() => metricKeys(models), [models]);
  const words = useMemo(() => vocabulary(models, metrics), [models, metrics]);
  const names = useQuery(namesOfRuns(experimentId, models)).data;
  useTitle(experiment.data && `Models of ${experiment.data.name}`);
  if (experiment.isPending) return <Loading />;
  if (experiment.isLoadingError) return <Failure error={experiment.error} retry={() => void experiment.refetch()} back={<LinkButton to={paths.experiments}>All experiments</LinkButton>} />;
  const refused = list.error instanceof ApiError && list.error.status === 400 ? list.error.message : "";
  const sortBy = (field: string) => {
    const next = order === `${field} DESC` ? `${field} ASC` : `${field} DESC`;
    void navigate({ search: (before) => ({ ...before, sort: next }), replace: true });
  };
  return (
    <div className="page fill">
      <ExperimentHead experiment={experiment.data} tab="models" />
      <div className="toolbar">
        <FilterBar
          value={search.q ?? ""}
          onChange={(q) => void navigate({ search: (before) => ({ ...before, q: q || undefined }) })}
          words={words}
          error={refused}
          placeholder="metrics.accuracy > 0.9 AND name LIKE '%forest%', or a model's name"
        />
      </div>
      {list.isPending ? (
        <Loading />
      ) : list.isLoadingError && !refused ? (
        <Failure error={list.error} retry={() => void list.refetch()} />
      ) : models.length === 0 ? (
        <NoModels asked={Boolean(search.q)} />
      ) : (
        <>
          <div className="scroll" tabIndex={0} role="region" aria-label="Models">
            <table className="data models">
              <thead>
                <tr>
                  <SortHead title="Model" field="name" order={order} onSort={sortBy} />
                  <th scope="col">Status</th>
                  <SortHead title="Created" field="creation_timestamp" order={order} onSort={sortBy} />
                  <th scope="col">Type</th>
                  <th scope="col">Run</th>
                  {metrics.slice(0, COLUMNS).map((key) => (
                    <SortHead key={key} title={key} field={`metrics.${key}`} order={order} onSort={sortBy} numeric />
                  ))}
                </tr>
              </thead>
              <tbody>
                {models.map((model) => (
                  <ModelRow key={model.info.model_id} model={model} run={names?.get(model.info.source_run_id)} metrics={metrics.slice(0, COLUMNS)} />
                ))}
              </tbody>
            </table>
            {list.hasNextPage && (
              <Button blocked={list.isFetchingNextPage && "Loading"} onClick={() => void list.fetchNextPage()}>
                More models
              </Button>
            )}
          </div>
          <p className="foot muted" role="status">
            {count(models.length, "model")}
            {list.hasNextPage && " so far"}
          </p>
        </>
      )}
    </div>
  );
}

interface HeadProps {
  title: string;
  field: string;
  order: string;
  numeric?: boolean;
  onSort: (field: string) => void;
}

function SortHead({ title, field, order, numeric, onSort }: HeadProps) {
  const direction = order === `${field} DESC` ? "descending" : order === `${field} ASC` ? "ascending" : "none";
  return (
    <th scope="col" aria-sort={direction} className={numeric ? "numeric" : ""}>
      <button type="button" className="head-button" onClick={() => onSort(field)}>
        <span>{title}</span>
        {direction !== "none" && <Icon name={direction === "descending" ? "down" : "up"} size={12} />}
      </button>
    </th>
  );
}

function ModelRow({ model, run, metrics }: { model: LoggedModel; run: string | undefined; metrics: readonly string[] }) {
  const { info } = model;
  return (
    <tr>
      <th scope="row">
        <Link to={paths.model} params={{ experimentId: info.experiment_id, modelId: info.model_id }}>
          {info.name}
        </Link>
      </th>
      <td>
        <ModelStatus status={info.status} />
      </td>
      <td className="muted">
        <Ago ms={info.creation_timestamp_ms} />
      </td>
      <td className="muted">{info.model_type}</td>
      <td>
        {info.source_run_id && (
          <Link className="quiet" to={paths.run} params={{ experimentId: info.experiment_id, runId: info.source_run_id }}>
            {run ?? info.source_run_id.slice(0, 8)}
          </Link>
        )}
      </td>
      {metrics.map((key) => (
        <td key={key} className="numeric">
          <Values metrics={model.data.metrics.filter((metric) => metric.key === key)} />
        </td>
      ))}
    </tr>
  );
}

/** The value of a metric; when there are several data sets, the best known last one and how many more. */
function Values({ metrics }: { metrics: readonly Metric[] }) {
  const [first] = metrics;
  if (!first) return <span className="muted">–</span>;
  const title = metrics.map((each) => `${each.dataset_name ?? "no data set"}: ${toNumber(each.value)}`).join("\n");
  return (
    <span title={title}>
      {number(first.value)}
      {metrics.length > 1 && <span className="muted"> +{metrics.length - 1}</span>}
    </span>
  );
}

function metricKeys(models: readonly LoggedModel[]): string[] {
  const counts = new Map<string, number>();
  for (const model of models) {
    for (const key of new Set(model.data.metrics.map((metric) => metric.key))) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts].toSorted(([a, n], [b, m]) => m - n || a.localeCompare(b)).map(([key]) => key);
}

function vocabulary(models: readonly LoggedModel[], metrics: readonly string[]) {
  const keys = (pick: (model: LoggedModel) => { key: string }[]) => [...new Set(models.flatMap((model) => pick(model).map(({ key }) => key)))];
  const attributes = ["name", "status", "model_type", "source_run_id", "creation_timestamp"];
  const found = {
    metrics,
    params: keys((model) => model.data.params),
    tags: keys((model) => model.info.tags).filter((key) => !key.startsWith("mlflow.")),
  };
  return runVocabulary(found, () => [], attributes);
}

function NoModels({ asked }: { asked: boolean }) {
  if (asked) return <Empty icon="search" title="No model fits this filter" />;
  return (
    <section className="onboarding" aria-label="Log a model">
      <h2>No models yet</h2>
      <p className="muted">A model logged inside a run appears here, with its metrics by data set.</p>
      <Snippet
        label="Python"
        code={`import mlflow\n\nwith mlflow.start_run():\n    mlflow.sklearn.log_model(model, name="my-model", input_example=features[:3])\n`}
      />
    </section>
  );
}
