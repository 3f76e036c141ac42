import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useEffect, useMemo, useState } from "react";
import { experiment as experimentQuery } from "~/api/experiments";
import type { RunSearch } from "~/api/runs";
import { paths } from "~/links";
import { ExperimentHead } from "~/shared/experiment/head";
import { FilterBar } from "~/shared/filter/filter_bar";
import { runVocabulary } from "~/shared/filter/run_vocabulary";
import { Onboarding } from "~/shared/onboarding";
import { ColumnPicker } from "~/shared/table/column_picker";
import { decodeList, encodeList, nextSort, parseSort, writeSort } from "~/shared/table/lists";
import { usePeekKeys } from "~/shared/table/peek_keys";
import { Empty, Failure, Loading, useTitle } from "~/ui/bits";
import { Button } from "~/ui/button";
import { count } from "~/format";
import { BulkBar } from "./bulk_bar";
import { columnGroups, orderOf, splitColumn } from "./columns";
import { defaultColumns, differs, keysOf, valuesOf } from "./flat";
import { Peek } from "./peek";
import { RunsTable } from "./runs_table";
import { useRuns } from "./use_runs";

const RunCharts = lazy(() => import("./run_charts").then((module) => ({ default: module.ManyRunCharts })));
const route = getRouteApi("/ml/experiments/$experimentId");

export function RunsPage() {
  const { experimentId } = route.useParams();
  const experiment = useQuery(experimentQuery(experimentId));
  useTitle(experiment.data?.name);
  if (experiment.isPending) return <Loading />;
  if (experiment.isError) return <Failure error={experiment.error} retry={() => void experiment.refetch()} />;
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
  const columns = useMemo(() => {
    const wanted = chosen ? decodeList(chosen) : defaultColumns(keys);
    if (!search.diff) return wanted;
    return wanted.filter((id) => {
      const { kind, key } = splitColumn(id);
      return !kind || differs(runs, kind, key);
    });
  }, [chosen, keys, search.diff, runs]);
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
  const ids = useMemo(() => runs.map((run) => run.info.run_id), [runs]);
  const groups = useMemo(() => columnGroups(keys), [keys]);
  usePeekKeys(ids, search.peek, (id) => set({ peek: id }));
  const peeked = runs.find((run) => run.info.run_id === search.peek);
  const charts = search.mode === "charts";

  return (
    <>
      <div className="toolbar">
        <FilterBar
          value={search.q ?? ""}
          onChange={(q) => set({ q: q || undefined }, false)}
          words={words}
          error={refused}
          placeholder="metrics.accuracy > 0.9 AND params.family = 'forest', or a run's name"
        />
        <div className="segments" role="group" aria-label="Show as">
          <Button icon="table" aria-pressed={!charts} onClick={() => set({ mode: undefined }, false)}>
            Table
          </Button>
          <Button icon="chart" aria-pressed={charts} onClick={() => set({ mode: "charts" }, false)}>
            Charts
          </Button>
        </div>
        <ColumnPicker groups={groups} columns={columns} chosen={Boolean(chosen)} onChange={setColumns} />
        <Button
          icon="diff"
          aria-pressed={Boolean(search.diff)}
          title="Hide columns in which all runs agree"
          onClick={() => set({ diff: search.diff ? undefined : true })}
        >
          Differences
        </Button>
        <Button icon="trash" aria-pressed={deleted} onClick={() => set({ view: deleted ? undefined : "deleted" })}>
          Trash
        </Button>
      </div>
      {list.isPending ? (
        <Loading rows={14} />
      ) : list.isError && !refused ? (
        <Failure error={list.error} retry={() => void list.refetch()} />
      ) : runs.length === 0 ? (
        <NoRuns unasked={unasked} refused={refused} deleted={deleted} experiment={{ id: experimentId, name }} />
      ) : charts ? (
        <Suspense fallback={<Loading />}>
          <RunCharts runs={selected.size ? runs.filter((run) => selected.has(run.info.run_id)) : runs} look={search} onLook={set} />
        </Suspense>
      ) : (
        <div className="table-and-peek">
          <RunsTable
            runs={runs}
            columns={columns}
            pins={pins}
            onPins={(next) => set({ pins: encodeList(next) })}
            onColumns={setColumns}
            sort={sort}
            onSort={(id) => set({ sort: nextSort(sort, id) })}
            setSort={(next) => set({ sort: writeSort(next) })}
            selected={selected}
            onSelected={setSelected}
            current={search.peek ?? null}
            onOpen={(run) => set({ peek: run.info.run_id === search.peek ? undefined : run.info.run_id })}
            onNearEnd={more}
          />
          {peeked && <Peek run={peeked} onClose={() => set({ peek: undefined })} />}
        </div>
      )}
      <div className="foot">
        <p className="muted" role="status">
          {count(runs.length, "run")}
          {!complete && " loaded, more follow as you scroll"}
          {list.isFetchingNextPage && " · loading"}
        </p>
        {selected.size > 0 && (
          <BulkBar
            experimentId={experimentId}
            runs={runs.filter((run) => selected.has(run.info.run_id))}
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
  if (unasked) return <Onboarding experiment={experiment} />;
  if (refused) return <Empty icon="search" title="The filter is not complete yet" />;
  return <Empty icon={deleted ? "trash" : "search"} title={deleted ? "No deleted runs" : "No run fits this filter"} />;
}
