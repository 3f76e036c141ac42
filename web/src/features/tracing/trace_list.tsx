import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useEffect, useMemo, useState } from "react";
import { deleteTraces, tagTraces, type TraceSearch } from "~/api/traces";
import type { TraceInfo } from "~/api/trace_types";
import { count } from "~/format";
import { useMayChange } from "~/shared/access/may";
import { FilterBar } from "~/shared/filter/filter_bar";
import { ChosenTable } from "~/shared/table/chosen_table";
import { ColumnPicker } from "~/shared/table/column_picker";
import { decodeList, encodeList, nextSort, parseSort, writeSort } from "~/shared/table/lists";
import { usePeekKeys } from "~/shared/table/peek_keys";
import { Empty, Failure, Loading } from "~/ui/bits";
import { Button, IconButton } from "~/ui/button";
import { FormDialog } from "~/ui/dialog";
import { TagDialog } from "~/ui/tag_dialog";
import { messageOf, toast } from "~/ui/toast";
import { columnGroups, columnOf, DEFAULT_COLUMNS, homeOf, keysOf, orderOf, summary } from "./columns";
import { FirstTrace } from "./first_trace";
import { TracePeek } from "./peek";
import { TimeRange, useRange } from "~/shared/time_range";
import { useTraces } from "./use_traces";
import { traceVocabulary } from "./vocabulary";

/** What the address of a list of traces says. */
export interface ListSearch {
  q?: string;
  sort?: string;
  cols?: string;
  pins?: string;
  peek?: string;
  range?: string;
  from?: number;
  to?: number;
}

interface ListProps {
  experiments: readonly string[];
  /** The experiment that a first trace would be sent to. */
  name: string;
  search: ListSearch;
  set: (change: ListSearch, replace?: boolean) => void;
  /** Columns that are shown until somebody chooses others, and where this browser keeps that choice. */
  usual?: readonly string[];
  kept?: string;
  /** What stands beside the filter; it gets the columns that are shown. */
  tools?: (columns: readonly string[]) => ReactNode;
}

const rowId = (trace: TraceInfo) => trace.trace_id;

/** Traces of one or several experiments: filtered, ordered, looked at, tagged and deleted. */
export function TraceList({ experiments, name, search, set, usual = DEFAULT_COLUMNS, kept = "lakeward.trace-columns", tools }: ListProps) {
  const sort = parseSort(search.sort);
  const { from, to } = useRange(search, false);
  const asked = useMemo<TraceSearch>(
    () => ({ experiments, filter: search.q ?? "", order: sort ? orderOf(sort.id, sort.descending) : "", from, to }),
    // oxlint-disable-next-line react/exhaustive-deps -- `sort` is made of search.sort
    [experiments, search.q, search.sort, from, to],
  );
  const { traces, list, more, refused, complete } = useTraces(asked);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  useEffect(() => setSelected(new Set()), [asked]);
  const keys = useMemo(() => keysOf(traces), [traces]);
  const groups = useMemo(() => columnGroups(keys), [keys]);
  const words = useMemo(() => traceVocabulary(traces, keys), [traces, keys]);
  const ids = useMemo(() => traces.map(rowId), [traces]);
  const chosen = search.cols ?? localStorage.getItem(kept) ?? undefined;
  const columns = useMemo(() => (chosen ? ["name", ...decodeList(chosen).filter((id) => id !== "name")] : usual), [chosen, usual]);
  const pins = search.pins === undefined ? ["name"] : decodeList(search.pins);
  const setColumns = (next: string[] | null) => {
    if (next) localStorage.setItem(kept, encodeList(next));
    else localStorage.removeItem(kept);
    set({ cols: next ? encodeList(next) : undefined });
  };
  usePeekKeys(ids, search.peek, (id) => set({ peek: id }));
  const peeked = traces.find((trace) => trace.trace_id === search.peek);
  const unasked = !search.q && from === undefined && to === undefined;
  return (
    <>
      <div className="toolbar">
        <FilterBar
          value={search.q ?? ""}
          onChange={(q) => set({ q: q || undefined }, false)}
          words={words}
          error={refused}
          placeholder="status = 'ERROR' AND execution_time_ms > 2000, or any words"
        />
        <div className="tools">
          {tools?.(columns)}
          <TimeRange value={search} open="All time" onChange={(next) => set({ range: undefined, from: undefined, to: undefined, ...next }, false)} />
          <ColumnPicker groups={groups} columns={columns} chosen={Boolean(chosen)} onChange={setColumns} />
        </div>
      </div>
      {list.isPending ? (
        <Loading rows={14} />
      ) : list.isLoadingError && !refused ? (
        <Failure error={list.error} retry={() => void list.refetch()} />
      ) : traces.length === 0 ? (
        <NoTraces unasked={unasked} refused={refused} more={complete ? null : more} experiment={name} />
      ) : (
        <div className="table-and-peek">
          <ChosenTable
            label="Traces"
            rows={traces}
            rowId={rowId}
            columns={columns}
            column={columnOf}
            fixed="name"
            pins={pins}
            onPins={(next) => set({ pins: encodeList(next) })}
            onColumns={setColumns}
            sort={sort}
            onSort={(id) => set({ sort: nextSort(sort, id) })}
            setSort={(next) => set({ sort: writeSort(next) })}
            selected={selected}
            onSelected={setSelected}
            current={search.peek ?? null}
            onOpen={(trace) => set({ peek: trace.trace_id === search.peek ? undefined : trace.trace_id })}
            onNearEnd={more}
          />
          {search.peek && <TracePeek key={search.peek} id={search.peek} listed={peeked} onClose={() => set({ peek: undefined })} />}
        </div>
      )}
      <div className="foot">
        <p className="muted" role="status">
          {summary(traces)}
          {!complete && " loaded, more follow as you scroll"}
          {list.isFetchingNextPage && " · loading"}
        </p>
        {selected.size > 0 && (
          <Bulk
            traces={traces.filter((trace) => selected.has(trace.trace_id))}
            onClear={() => setSelected(new Set())}
            onDeleted={() => {
              if (search.peek && selected.has(search.peek)) set({ peek: undefined });
              setSelected(new Set());
            }}
          />
        )}
      </div>
    </>
  );
}

interface NoTracesProps {
  unasked: boolean;
  refused: string;
  /** The server has looked through as much as one answer may take; there is more. */
  more: (() => void) | null;
  experiment: string;
}

function NoTraces({ unasked, refused, more, experiment }: NoTracesProps) {
  if (refused) return <Empty icon="search" title="The filter is not complete yet" />;
  if (more) {
    return (
      <Empty icon="search" title="Nothing found so far">
        <p>This filter reads spans, and there are more to read.</p>
        <Button onClick={more}>Look further</Button>
      </Empty>
    );
  }
  return unasked ? <FirstTrace experiment={experiment} /> : <Empty icon="search" title="No trace fits this filter" />;
}

/** What can be done with the selected traces. */
function Bulk({ traces, onClear, onDeleted }: { traces: readonly TraceInfo[]; onClear: () => void; onDeleted: () => void }) {
  const ids = traces.map(rowId);
  const readOnly = useMayChange(traces[0]?.trace_location.mlflow_experiment.experiment_id ?? "");
  const queries = useQueryClient();
  const [asking, setAsking] = useState<"delete" | "tag" | null>(null);
  return (
    <div className="bulk" role="toolbar" aria-label="Selected traces">
      <b>{count(ids.length, "trace")} selected</b>
      <Button small icon="tag" blocked={readOnly} onClick={() => setAsking("tag")}>
        Tag
      </Button>
      <Button small icon="trash" kind="danger" blocked={readOnly} onClick={() => setAsking("delete")}>
        Delete
      </Button>
      <IconButton small icon="close" label="Clear the selection" onClick={onClear} />
      {asking === "delete" && <DeleteTraces traces={traces} onClose={() => setAsking(null)} onDone={onDeleted} />}
      {asking === "tag" && (
        <TagDialog
          what={count(ids.length, "trace")}
          tag={(key, value) => tagTraces(ids, key, value)}
          changed={() => void queries.invalidateQueries({ queryKey: ["traces"] })}
          onClose={() => setAsking(null)}
        />
      )}
    </div>
  );
}

interface DeleteProps {
  traces: readonly TraceInfo[];
  onClose: () => void;
  onDone: () => void;
}

export function DeleteTraces({ traces, onClose, onDone }: DeleteProps) {
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: async () => {
      const homes = [...new Set(traces.map(homeOf))];
      await Promise.all(homes.map((home) => deleteTraces(home, traces.filter((trace) => homeOf(trace) === home).map(rowId))));
    },
    onSuccess: async () => {
      toast(`${count(traces.length, "trace")} deleted`);
      onDone();
      onClose();
      await queries.invalidateQueries({ queryKey: ["traces"] });
    },
  });
  return (
    <FormDialog
      title={`Delete ${count(traces.length, "trace")}?`}
      action="Delete for good"
      danger
      busy={remove.isPending}
      error={remove.error ? messageOf(remove.error) : ""}
      onClose={onClose}
      onSubmit={() => remove.mutate()}
    >
      <p>Their spans, tags and assessments go too. Traces have no trash: nobody can bring them back.</p>
    </FormDialog>
  );
}
