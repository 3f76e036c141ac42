import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { experiment as experimentQuery } from "~/api/experiments";
import { renameRun, run as runQuery, runsOfGroup } from "~/api/runs";
import { searchTraces } from "~/api/traces";
import type { Run } from "~/api/types";
import { splitName, tagOf } from "~/format";
import { paths } from "~/links";
import { useMayChange } from "~/shared/access/may";
import { useExperimentAccess } from "~/shared/access/experiment_access";
import { ArtifactBrowser } from "~/shared/artifacts/browser";
import { PageHead } from "~/shared/page";
import { Failure, Loading, Snippet, Status, Tabs, useTitle } from "~/ui/bits";
import { Button, LinkButton } from "~/ui/button";
import { FormDialog } from "~/ui/dialog";
import { Icon } from "~/ui/icons";
import { Menu, MenuItem } from "~/ui/menu";
import { messageOf, toast, toastError } from "~/ui/toast";
import { useRunTrash } from "./bulk_bar";
import { homeOf, isSystem } from "./flat";
import { MoveRuns } from "./move_runs";
import { RunFacts, RunInputs, RunMetrics, RunModels, RunParams, RunTags } from "./run_overview";

const Markdown = lazy(() => import("~/shared/artifacts/markdown"));
const Lineage = lazy(() => import("~/shared/lineage/graph").then((module) => ({ default: module.LineageGraph })));
const RunCharts = lazy(() => import("./run_charts").then((module) => ({ default: module.OneRunCharts })));
const route = getRouteApi("/ml/experiments/$experimentId/runs/$runId");

export function RunPage() {
  const { experimentId, runId } = route.useParams();
  const run = useQuery(runQuery(runId));
  const experiment = useQuery(experimentQuery(experimentId));
  useTitle(run.data?.info.run_name);
  if (run.isPending) return <Loading />;
  if (run.isLoadingError) return <Failure error={run.error} retry={() => void run.refetch()} back={<LinkButton to={paths.experiment} params={{ experimentId }}>To the experiment</LinkButton>} />;
  return <Loaded run={run.data} experiment={experiment.data?.name ?? `Experiment ${experimentId}`} />;
}

function Loaded({ run, experiment }: { run: Run; experiment: string }) {
  const search = route.useSearch();
  const navigate = useNavigate({ from: paths.run });
  const { info } = run;
  const keys = (run.data.metrics ?? []).map((metric) => metric.key);
  const own = keys.filter((key) => !isSystem(key));
  const system = keys.filter(isSystem);
  const tab = search.tab ?? "overview";
  const tabs = [
    { id: "overview", name: "Overview" },
    { id: "metrics", name: "Charts", count: own.length },
    ...(system.length ? [{ id: "system", name: "System", count: system.length } as const] : []),
    { id: "artifacts", name: "Artifacts" },
    { id: "lineage", name: "Lineage" },
  ] as const;
  return (
    <div className="page fill">
      <PageHead
        crumbs={[
          { name: "Experiments", link: { to: paths.experiments } },
          {
            name: splitName(experiment).leaf,
            link: { to: paths.experiment, params: { experimentId: info.experiment_id } },
          },
        ]}
        title={
          <>
            <h1 className="ellipsis" title={info.run_name}>
              {info.run_name}
            </h1>
            <Status status={info.status} />
            {info.lifecycle_stage === "deleted" && <span className="pill status bad">In the trash</span>}
          </>
        }
        actions={<Actions run={run} />}
      >
        <Tabs
          label="Run"
          tabs={tabs}
          value={tab}
          onChange={(next) =>
            void navigate({
              search: (before) => ({ ...before, tab: next === "overview" ? undefined : next, file: undefined }),
            })
          }
        />
      </PageHead>
      {tab === "overview" && <Overview run={run} />}
      {(tab === "metrics" || tab === "system") && (
        <Suspense fallback={<Loading />}>
          <RunCharts
            key={tab}
            run={run}
            keys={tab === "metrics" ? own : system}
            look={search}
            onLook={(change) => void navigate({ search: (before) => ({ ...before, ...change }), replace: true })}
          />
        </Suspense>
      )}
      {tab === "lineage" && (
        <Suspense fallback={<Loading />}>
          <Lineage object={{ kind: "RUN", id: info.run_id }} />
        </Suspense>
      )}
      {tab === "artifacts" && (
        <ArtifactBrowser
          owner={{ run: info.run_id }}
          file={search.file}
          onFile={(file) => void navigate({ search: (before) => ({ ...before, file }) })}
        />
      )}
    </div>
  );
}

function Overview({ run }: { run: Run }) {
  const note = tagOf(run.data.tags, "mlflow.note.content");
  return (
    <div className="scroll overview">
      {note && (
        <section className="card note-card" aria-label="Description">
          <Suspense fallback={<Loading rows={2} />}>
            <Markdown text={note} />
          </Suspense>
        </section>
      )}
      <div className="columns">
        <div className="stack">
          <section className="card" aria-label="About">
            <RunFacts run={run} />
            <RunTags run={run} />
          </section>
          <section className="card linked" aria-label="Data and models">
            <RunInputs run={run} />
            <RunModels run={run} />
            <Belonging run={run} />
            <Snippet
              label="Read it in Python"
              code={`import mlflow\n\nrun = mlflow.get_run("${run.info.run_id}")\nprint(run.data.metrics)`}
            />
          </section>
        </div>
        <div className="stack spread">
          <section className="card">
            <RunMetrics run={run} />
          </section>
          <section className="card">
            <RunParams run={run} />
          </section>
        </div>
      </div>
    </div>
  );
}

const FEW = 6;

/** The first of the runs nested in this one, and of its traces; all of them are a filter away. */
function Belonging({ run }: { run: Run }) {
  const { experiment_id, run_id } = run.info;
  const nested = `tags.\`mlflow.parentRunId\` = '${run_id}'`;
  const children = useQuery(runsOfGroup({ experiments: [experiment_id], filter: nested, order: "", view: "ACTIVE_ONLY" }, FEW)).data;
  const home = homeOf(run);
  const made = `run_id = '${run_id}'`;
  const traces = useQuery({
    queryKey: ["traces", "of run", run_id],
    queryFn: ({ signal }) => searchTraces({ experiments: [home], filter: made, order: "" }, FEW, undefined, signal),
  }).data;
  return (
    <>
      {Boolean(children?.runs?.length) && (
        <section className="entries" aria-label="Nested runs">
          <h3>Nested runs</h3>
          <ul className="lines">
            {children?.runs?.map(({ info }) => (
              <li key={info.run_id} className="row">
                <Status status={info.status} plain />
                <Link to={paths.run} params={{ experimentId: info.experiment_id, runId: info.run_id }} className="ellipsis">
                  {info.run_name}
                </Link>
              </li>
            ))}
            <li>
              <Link to={paths.experiment} params={{ experimentId: experiment_id }} search={{ q: nested }}>
                {children?.next_page_token ? "All of them as a table" : "As a table"}
              </Link>
            </li>
          </ul>
        </section>
      )}
      {Boolean(traces?.traces.length) && (
        <section className="entries" aria-label="Traces">
          <h3>Traces</h3>
          <ul className="lines">
            {traces?.traces.map((each) => (
              <li key={each.trace_id} className="row">
                <Icon name="trace" />
                <Link to={paths.trace} params={{ experimentId: home, traceId: each.trace_id }} className="ellipsis">
                  {each.request_preview?.slice(0, 200) || tagText(each.tags) || each.trace_id}
                </Link>
              </li>
            ))}
            <li>
              <Link to={paths.traces} params={{ experimentId: home }} search={{ q: made }}>
                {traces?.next_page_token ? "All of them as a table" : "As a table"}
              </Link>
            </li>
          </ul>
        </section>
      )}
    </>
  );
}

const tagText = (tags: Record<string, string> | undefined) => tags?.["mlflow.traceName"];

function Actions({ run }: { run: Run }) {
  const readOnly = useMayChange(run.info.experiment_id);
  const [asking, setAsking] = useState<"rename" | "move" | null>(null);
  const { remove, restore } = useRunTrash();
  const ids = [run.info.run_id];
  const access = useExperimentAccess(run.info.experiment_id, run.info.run_name);
  return (
    <>
      {run.info.lifecycle_stage === "deleted" && (
        <Button icon="restore" kind="primary" blocked={readOnly} onClick={() => restore.mutate(ids)}>
          Restore
        </Button>
      )}
      <Menu label="" name="Actions for this run" icon="more" align="end">
        {(close) => (
          <>
            <MenuItem
              icon="edit"
              blocked={readOnly}
              onClick={() => {
                close();
                setAsking("rename");
              }}
            >
              Rename
            </MenuItem>
            <MenuItem
              icon="move"
              blocked={readOnly || (run.info.lifecycle_stage === "deleted" && "Restore it first")}
              onClick={() => {
                close();
                setAsking("move");
              }}
            >
              Move to another experiment
            </MenuItem>
            {access.item(close)}
            <MenuItem
              icon="trash"
              danger
              blocked={readOnly || (run.info.lifecycle_stage === "deleted" && "It is in the trash already")}
              onClick={() => {
                close();
                remove.mutate(ids);
              }}
            >
              Delete
            </MenuItem>
          </>
        )}
      </Menu>
      {asking === "rename" && <RenameRun run={run} onClose={() => setAsking(null)} />}
      {access.dialog}
      {asking === "move" && <MoveRuns from={run.info.experiment_id} ids={ids} onClose={() => setAsking(null)} />}
    </>
  );
}

function RenameRun({ run, onClose }: { run: Run; onClose: () => void }) {
  const [name, setName] = useState(run.info.run_name);
  const queries = useQueryClient();
  const changed = () => queries.invalidateQueries({ queryKey: ["runs"] });
  const rename = useMutation({
    mutationFn: () => renameRun(run.info.run_id, name.trim()),
    onSuccess: async () => {
      await changed();
      onClose();
      toast("Renamed", () => void renameRun(run.info.run_id, run.info.run_name).then(changed, toastError));
    },
  });
  return (
    <FormDialog
      title="Rename run"
      action="Rename"
      busy={rename.isPending}
      error={rename.error ? messageOf(rename.error) : ""}
      onClose={onClose}
      onSubmit={() => rename.mutate()}
    >
      <label>
        Name
        <input autoFocus required value={name} onChange={(event) => setName(event.target.value)} />
      </label>
    </FormDialog>
  );
}
