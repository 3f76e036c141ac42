import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useEffect, useMemo, useState } from "react";
import { experiment as experimentQuery } from "~/api/experiments";
import type { RunSearch } from "~/api/runs";
import { tracesAtAll } from "~/api/traces";
import type { Run } from "~/api/types";
import { paths } from "~/links";
import { ExperimentHead } from "~/shared/experiment/head";
import { FilterBar } from "~/shared/filter/filter_bar";
import { runVocabulary } from "~/shared/filter/run_vocabulary";
import { Onboarding } from "~/shared/onboarding";
import { ColumnPicker } from "~/shared/table/column_picker";
import type { Sort } from "~/shared/table/grid";
import { decodeList, encodeList, nextSort, parseSort, writeSort } from "~/shared/table/lists";
import { usePeekKeys } from "~/shared/table/peek_keys";
import { applied, stateOf } from "~/shared/views/state";
import { ViewsMenu } from "~/shared/views/views_menu";
import { Empty, Failure, Loading, useTitle } from "~/ui/bits";
import { Button, LinkButton } from "~/ui/button";
import { count } from "~/format";
import { BulkBar } from "./bulk_bar";
import { columnGroups, comparable, orderOf, splitColumn } from "./columns";
import { defaultColumns, differs, keysOf, valuesOf } from "./flat";
import { GroupPicker } from "./group_picker";
import { GroupedTable } from "./grouped_table";
import { groupFilter } from "./grouping";
import { MetricMenu } from "./metric_menu";
import { Peek } from "./peek";
import { RunsTable } from "./runs_table";
import { useGroups } from "./use_groups";
import { useRuns } from "./use_runs";

const RunCharts = lazy(() => import("./run_charts").then((module) => ({ default: module.ManyRunCharts })));
const route = getRouteApi("/ml/experiments/$experimentId");
/** What of the address a saved view keeps. */
const VIEW = ["q", "sort", "view", "mode", "group", "cols", "pins", "diff", "x", "smooth", "log"];

export function RunsPage() {
  const { experimentId } = route.useParams();
  const experiment = useQuery(experimentQuery(experimentId));
  useTitle(experiment.data?.name);
  if (experiment.isPending) return <Loading />;
  if (experiment.isLoadingError) return <Failure error={experiment.error} retry={() => void experiment.refetch()} back={<LinkButton to={paths.experiments}>All experiments</LinkButton>} />;
  return (
    <div className="page fill">
      <ExperimentHead experiment={experiment.data} tab="runs" />
      <Runs
        key={experimentId}
        experimentId={experimentId}
        name={experiment.data.name}
        inTrash={experiment.data.lifecycle_stage === "deleted"}
      />
    </div>
  );
}

interface RunsProps {
  experimentId: string;
  name: string;
  /** The experiment is deleted, and its runs with it. */
  inTrash: boolean;
}

function Runs({ experimentId, name, inTrash }: RunsProps) {
  const search = route.useSearch();
  const navigate = useNavigate({ from: paths.experiment });
  const sort = parseSort(search.sort);
  const deleted = inTrash || search.view === "deleted";
  const asked = useMemo<RunSearch>(
    () => ({
      experiments: [experimentId],
      filter: search.q ?? "",
      order: sort ? orderOf(sort.id, sort.descending) : "",
      view: deleted ? "DELETED_ONLY" : "ACTIVE_ONLY",
    }),
    // oxlint-disable-next-line react/exhaustive-deps -- `sort` is made of search.sort
    [experimentId, search.q, search.sort, deleted],
  );
  const unasked = !search.q && !deleted;
  const { runs, list, more, refused, complete } = useRuns(asked, unasked);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  useEffect(() => setSelected(new Set()), [asked]);
  const keys = useMemo(() => keysOf(runs), [runs]);

  const kept = localStorage.getItem(`lakeward.columns.${experimentId}`) ?? undefined;
  const chosen = search.cols ?? kept;
  const wanted = useMemo(() => (chosen ? decodeList(chosen) : defaultColumns(keys)), [chosen, keys]);
  const columns = useMemo(() => {
    if (!search.diff) return wanted;
    return wanted.filter((id) => {
      const { kind, key } = splitColumn(id);
      return !comparable(kind) || differs(runs, kind, key);
    });
  }, [wanted, search.diff, runs]);
  const pins = search.pins === undefined ? ["name"] : decodeList(search.pins);

  const set = useCallback(
    (change: Partial<ReturnType<typeof route.useSearch>>, replace = true) =>
      void navigate({ search: (before) => ({ ...before, ...change }), replace }),
    [navigate],
  );
  const setColumns = (ids: string[] | null) => {
    if (ids) localStorage.setItem(`lakeward.columns.${experimentId}`, encodeList(ids));
    else localStorage.removeItem(`lakeward.columns.${experimentId}`);
    set({ cols: ids ? encodeList(ids) : undefined });
  };
  const words = useMemo(
    () => runVocabulary(keys, (field) => valuesOf(runs, field)),
    [keys, runs],
  );
  const charts = search.mode === "charts";
  const grouped = useGroups(asked, charts ? undefined : search.group, columns, sort);
  const shown = grouped.field ? grouped.runs : runs;
  const ids = useMemo(() => shown.map((run) => run.info.run_id), [shown]);
  const groups = useMemo(() => columnGroups(keys), [keys]);
  usePeekKeys(ids, search.peek, (id) => set({ peek: id }));
  const peeked = shown.find((run) => run.info.run_id === search.peek);
  const table = {
    columns,
    pins,
    onPins: (next: string[]) => set({ pins: encodeList(next) }),
    onColumns: setColumns,
    columnMenu: (column: { id: string }, close: () => void) => (
      <MetricMenu id={column.id} onChange={(id) => (close(), setColumns([...new Set(wanted.map((each) => (each === column.id ? id : each)))]))} />
    ),
    sort,
    onSort: (id: string) => set({ sort: nextSort(sort, id) }),
    setSort: (next: Sort) => set({ sort: writeSort(next) }),
    selected,
    onSelected: setSelected,
    current: search.peek ?? null,
    onOpen: (run: Run) => set({ peek: run.info.run_id === search.peek ? undefined : run.info.run_id }),
  };

  return (
    <>
      <div className="toolbar many">
        <FilterBar
          value={search.q ?? ""}
          onChange={(q) => set({ q: q || undefined }, false)}
          words={words}
          error={refused}
          placeholder="metrics.accuracy > 0.9 AND params.family = 'forest', or a run's name"
        />
        <div className="tools">
          <ViewsMenu
            experimentId={experimentId}
            table="runs"
            state={stateOf({ ...search, cols: encodeList(wanted) }, VIEW)}
            saved={search.saved}
            onTake={(view) => void navigate({ search: (before) => applied(before, VIEW, view) })}
          />
          <div className="segments" role="group" aria-label="Show as">
            <Button icon="table" aria-pressed={!charts} onClick={() => set({ mode: undefined }, false)}>
              Table
            </Button>
            <Button icon="chart" aria-pressed={charts} onClick={() => set({ mode: "charts" }, false)}>
              Charts
            </Button>
          </div>
          {!charts && (
            <>
              <GroupPicker keys={keys} by={search.group} onChange={(group) => set({ group }, false)} />
              <ColumnPicker groups={groups} columns={columns} chosen={Boolean(chosen)} onChange={setColumns} />
              <Button
                icon="diff"
                aria-pressed={Boolean(search.diff)}
                title="Hide columns in which all runs agree"
                onClick={() => set({ diff: search.diff ? undefined : true })}
              >
                Differences
              </Button>
            </>
          )}
          <Button icon="trash" aria-pressed={deleted} onClick={() => set({ view: deleted ? undefined : "deleted" })}>
            Trash
          </Button>
        </div>
      </div>
      {list.isPending ? (
        <Loading rows={14} />
      ) : list.isLoadingError && !refused ? (
        <Failure error={list.error} retry={() => void list.refetch()} />
      ) : runs.length === 0 ? (
        <NoRuns unasked={unasked} refused={refused} deleted={deleted} experiment={{ id: experimentId, name }} />
      ) : charts ? (
        <Suspense fallback={<Loading />}>
          <RunCharts runs={selected.size ? runs.filter((run) => selected.has(run.info.run_id)) : runs} look={search} onLook={set} />
        </Suspense>
      ) : (
        <div className="table-and-peek">
          {!grouped.field ? (
            <RunsTable runs={runs} onNearEnd={more} {...table} />
          ) : grouped.list.isPending ? (
            <Loading rows={14} />
          ) : grouped.list.isLoadingError ? (
            <Failure error={grouped.list.error} retry={() => void grouped.list.refetch()} />
          ) : (
            <GroupedTable
              rows={grouped.rows}
              byGroup={grouped.byGroup}
              onTurn={grouped.turn}
              onAll={(group) => set({ group: undefined, q: groupFilter(search.q ?? "", grouped.field ?? "", group.value) }, false)}
              {...table}
            />
          )}
          {search.peek && <Peek key={search.peek} id={search.peek} listed={peeked} onClose={() => set({ peek: undefined })} />}
        </div>
      )}
      <div className="foot">
        <p className="muted" role="status">
          {grouped.field
            ? `${count(grouped.total, "group")}${grouped.list.data?.complete === false ? ", the largest ones" : ""}`
            : `${count(runs.length, "run")}${complete ? "" : " loaded, more follow as you scroll"}`}
          {list.isFetchingNextPage && " · loading"}
        </p>
        {selected.size > 0 && (
          <BulkBar
            experimentId={experimentId}
            runs={shown.filter((run) => selected.has(run.info.run_id))}
            deleted={deleted}
            onDone={() => setSelected(new Set())}
          />
        )}
      </div>
    </>
  );
}

interface NoRunsProps {
  unasked: boolean;
  refused: string;
  deleted: boolean;
  experiment: { id: string; name: string };
}

function NoRuns({ unasked, refused, deleted, experiment }: NoRunsProps) {
  const traced = useQuery({ ...tracesAtAll(experiment.id), enabled: unasked });
  if (unasked && traced.isPending) return <Loading rows={14} />;
  if (unasked && traced.data) {
    return (
      <Empty icon="trace" title="No runs here, but traces">
        <LinkButton icon="trace" kind="primary" to={paths.traces} params={{ experimentId: experiment.id }}>
          To the traces
        </LinkButton>
      </Empty>
    );
  }
  if (unasked) return <Onboarding experiment={experiment} />;
  if (refused) return <Empty icon="search" title="The filter is not complete yet" />;
  return <Empty icon={deleted ? "trash" : "search"} title={deleted ? "No deleted runs" : "No run fits this filter"} />;
}
