import { useQueries, useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useMemo } from "react";
import { experiment as experimentQuery } from "~/api/experiments";
import { MAX_HISTORY_RUNS, run as runQuery } from "~/api/runs";
import type { Run } from "~/api/types";
import { count, splitName } from "~/format";
import { paths } from "~/links";
import { PageHead } from "~/shared/page";
import { Empty, Failure, Loading, Tabs, useTitle } from "~/ui/bits";
import { LinkButton } from "~/ui/button";
import { BarsTab } from "./compare_bars";
import { ContourTab } from "./compare_contour";
import { CompareTable } from "./compare_table";
import { ParallelTab, ScatterTab } from "./compare_plots";

const RunCharts = lazy(() => import("./run_charts").then((module) => ({ default: module.ManyRunCharts })));
const ArtifactsTab = lazy(() => import("./compare_artifacts").then((module) => ({ default: module.ArtifactsTab })));
const CodeTab = lazy(() => import("./compare_code").then((module) => ({ default: module.CodeTab })));
const route = getRouteApi("/ml/experiments/$experimentId/compare");

const TABS = [
  { id: "table", name: "Table" },
  { id: "charts", name: "Charts" },
  { id: "parallel", name: "Parallel coordinates" },
  { id: "scatter", name: "Scatter" },
  { id: "contour", name: "Contour" },
  { id: "bars", name: "Bars" },
  { id: "code", name: "Code" },
  { id: "artifacts", name: "Artifacts" },
] as const;

export function ComparePage() {
  const { experimentId } = route.useParams();
  const search = route.useSearch();
  const ids = useMemo(() => [...new Set((search.runs ?? "").split(",").filter(Boolean))].slice(0, MAX_HISTORY_RUNS), [search.runs]);
  const found = useQueries({ queries: ids.map((id) => runQuery(id)) });
  const experiment = useQuery(experimentQuery(experimentId));
  const failed = found.find((each) => each.isLoadingError);
  const versions = found.map((each) => each.dataUpdatedAt).join(" ");
  const runs = useMemo(
    () => found.flatMap((each) => (each.data ? [each.data] : [])),
    // oxlint-disable-next-line react/exhaustive-deps -- `found` is a new list at every turn
    [ids, versions],
  );
  useTitle(`Compare ${count(ids.length, "run")}`);
  return (
    <div className="page fill">
      <PageHead
        crumbs={[
          { name: "Experiments", link: { to: paths.experiments } },
          {
            name: experiment.data ? splitName(experiment.data.name).leaf : `Experiment ${experimentId}`,
            link: { to: paths.experiment, params: { experimentId } },
          },
        ]}
        title={<h1>Compare {count(ids.length, "run")}</h1>}
        actions={
          <LinkButton icon="plus" to={paths.experiment} params={{ experimentId }}>
            Choose others
          </LinkButton>
        }
      >
        <Compared tab={search.tab ?? "table"} />
      </PageHead>
      {ids.length < 2 ? (
        <Empty icon="compare" title="Nothing to compare yet">
          <p className="muted">Select two or more runs in the table of an experiment.</p>
        </Empty>
      ) : failed ? (
        <Failure error={failed.error} />
      ) : runs.length < ids.length ? (
        <Loading />
      ) : (
        <Chosen runs={runs} />
      )}
    </div>
  );
}

function Compared({ tab }: { tab: (typeof TABS)[number]["id"] }) {
  const navigate = useNavigate({ from: paths.compare });
  return (
    <Tabs
      label="Comparison"
      tabs={TABS}
      value={tab}
      onChange={(next) => void navigate({ search: (before) => ({ ...before, tab: next === "table" ? undefined : next }) })}
    />
  );
}

function Chosen({ runs }: { runs: readonly Run[] }) {
  const search = route.useSearch();
  const navigate = useNavigate({ from: paths.compare });
  const set = (change: Partial<typeof search>) =>
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true });
  switch (search.tab) {
    case "charts":
      return (
        <Suspense fallback={<Loading />}>
          <RunCharts runs={runs} look={search} onLook={set} />
        </Suspense>
      );
    case "parallel":
      return <ParallelTab runs={runs} axes={search.axes} onAxes={(axes) => set({ axes })} />;
    case "scatter":
      return <ScatterTab runs={runs} x={search.sx} y={search.sy} onChange={(sx, sy) => set({ sx, sy })} />;
    case "contour":
      return <ContourTab runs={runs} x={search.sx} y={search.sy} z={search.sz} onChange={(sx, sy, sz) => set({ sx, sy, sz })} />;
    case "bars":
      return <BarsTab runs={runs} metric={search.sy} ascending={Boolean(search.up)} onChange={set} />;
    case "code":
      return (
        <Suspense fallback={<Loading />}>
          <CodeTab runs={runs} />
        </Suspense>
      );
    case "artifacts":
      return (
        <Suspense fallback={<Loading />}>
          <ArtifactsTab runs={runs} file={search.file} pair={pairOf(search.pair, runs.length)} onChange={set} />
        </Suspense>
      );
    default:
      return <CompareTable runs={runs} all={Boolean(search.all)} onAll={(all) => set({ all: all || undefined })} />;
  }
}

/** Two places among the runs: the first two, until somebody chooses. */
function pairOf(text: string | undefined, size: number): readonly [number, number] {
  const [left = 0, right = 1] = (text ?? "").split(",").filter(Boolean).map((each) => Math.min(size - 1, Math.max(0, Number(each) || 0)));
  return [left, right];
}
