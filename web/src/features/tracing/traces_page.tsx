import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useState } from "react";
import { experiment as experimentQuery } from "~/api/experiments";
import { deleteTraces, setTraceTag, type TraceSearch } from "~/api/traces";
import type { TraceInfo } from "~/api/trace_types";
import { count } from "~/format";
import { paths } from "~/links";
import { useReadOnly } from "~/session";
import { ExperimentHead } from "~/shared/experiment/head";
import { FilterBar } from "~/shared/filter/filter_bar";
import { ChosenTable } from "~/shared/table/chosen_table";
import { ColumnPicker } from "~/shared/table/column_picker";
import { decodeList, encodeList, nextSort, parseSort, writeSort } from "~/shared/table/lists";
import { usePeekKeys } from "~/shared/table/peek_keys";
import { Empty, Failure, Loading, useTitle } from "~/ui/bits";
import { Button, IconButton } from "~/ui/button";
import { FormDialog } from "~/ui/dialog";
import { messageOf, toast } from "~/ui/toast";
import { columnGroups, columnOf, DEFAULT_COLUMNS, keysOf, orderOf, summary } from "./columns";
import { FirstTrace } from "./first_trace";
import { TracePeek } from "./peek";
import { TimeRange, useRange } from "./time_range";
import { useTraces } from "./use_traces";
import { traceVocabulary } from "./vocabulary";

const route = getRouteApi("/ml/experiments/$experimentId/traces");
const KEPT = "lakeward.trace-columns";

export function TracesPage() {
  const { experimentId } = route.useParams();
  const experiment = useQuery(experimentQuery(experimentId));
  useTitle(experiment.data && `Traces of ${experiment.data.name}`);
  if (experiment.isPending) return <Loading />;
  if (experiment.isError) return <Failure error={experiment.error} retry={() => void experiment.refetch()} />;
  return (
    <div className="page fill">
      <ExperimentHead experiment={experiment.data} tab="traces" />
      <Traces key={experimentId} experimentId={experimentId} name={experiment.data.name} />
    </div>
  );
}

const rowId = (trace: TraceInfo) => trace.trace_id;

function Traces({ experimentId, name }: { experimentId: string; name: string }) {
  const search = route.useSearch();
  const navigate = useNavigate({ from: paths.traces });
  const sort = parseSort(search.sort);
  const { from, to } = useRange(search, false);
  const asked = useMemo<TraceSearch>(
    () => ({ experiments: [experimentId], filter: search.q ?? "", order: sort ? orderOf(sort.id, sort.descending) : "", from, to }),
    // oxlint-disable-next-line react/exhaustive-deps -- `sort` is made of search.sort
    [experimentId, search.q, search.sort, from, to],
  );
  const { traces, list, more, refused, complete } = useTraces(asked);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  useEffect(() => setSelected(new Set()), [asked]);
  const keys = useMemo(() => keysOf(traces), [traces]);
  const groups = useMemo(() => columnGroups(keys), [keys]);
  const words = useMemo(() => traceVocabulary(traces, keys), [traces, keys]);
  const ids = useMemo(() => traces.map(rowId), [traces]);
  const chosen = search.cols ?? localStorage.getItem(KEPT) ?? undefined;
  const columns = useMemo(() => (chosen ? ["name", ...decodeList(chosen).filter((id) => id !== "name")] : DEFAULT_COLUMNS), [chosen]);
  const pins = search.pins === undefined ? ["name"] : decodeList(search.pins);
  const set = useCallback(
    (change: Partial<ReturnType<typeof route.useSearch>>, replace = true) =>
      void navigate({ search: (before) => ({ ...before, ...change }), replace }),
    [navigate],
  );
  const setColumns = (next: string[] | null) => {
    if (next) localStorage.setItem(KEPT, encodeList(next));
    else localStorage.removeItem(KEPT);
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
        <TimeRange value={search} open="All time" onChange={(next) => set({ range: undefined, from: undefined, to: undefined, ...next }, false)} />
        <ColumnPicker groups={groups} columns={columns} chosen={Boolean(chosen)} onChange={setColumns} />
      </div>
      {list.isPending ? (
        <Loading rows={14} />
      ) : list.isError && !refused ? (
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
          {peeked && <TracePeek key={peeked.trace_id} trace={peeked} onClose={() => set({ peek: undefined })} />}
        </div>
      )}
      <div className="foot">
        <p className="muted" role="status">
          {summary(traces)}
          {!complete && " loaded, more follow as you scroll"}
          {list.isFetchingNextPage && " · loading"}
        </p>
        {selected.size > 0 && <Bulk experimentId={experimentId} ids={ids.filter((id) => selected.has(id))} onDone={() => setSelected(new Set())} />}
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
function Bulk({ experimentId, ids, onDone }: { experimentId: string; ids: readonly string[]; onDone: () => void }) {
  const readOnly = useReadOnly();
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
      <IconButton small icon="close" label="Clear the selection" onClick={onDone} />
      {asking === "delete" && <DeleteTraces experimentId={experimentId} ids={ids} onClose={() => setAsking(null)} onDone={onDone} />}
      {asking === "tag" && <TagTraces ids={ids} onClose={() => setAsking(null)} />}
    </div>
  );
}

interface DeleteProps {
  experimentId: string;
  ids: readonly string[];
  onClose: () => void;
  onDone: () => void;
}

export function DeleteTraces({ experimentId, ids, onClose, onDone }: DeleteProps) {
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => deleteTraces(experimentId, ids),
    onSuccess: async () => {
      toast(`${count(ids.length, "trace")} deleted`);
      onDone();
      onClose();
      await queries.invalidateQueries({ queryKey: ["traces"] });
    },
  });
  return (
    <FormDialog
      title={`Delete ${count(ids.length, "trace")}?`}
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

function TagTraces({ ids, onClose }: { ids: readonly string[]; onClose: () => void }) {
  const [key, setKey] = useState("");
  const [value, setValue] = useState("");
  const queries = useQueryClient();
  const tag = useMutation({
    mutationFn: async () => {
      for (let at = 0; at < ids.length; at += 6) {
        await Promise.all(ids.slice(at, at + 6).map((id) => setTraceTag(id, key.trim(), value.trim())));
      }
    },
    onSuccess: () => {
      toast(`${count(ids.length, "trace")} tagged ${key.trim()}`);
      onClose();
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["traces"] }),
  });
  return (
    <FormDialog
      title={`Tag ${count(ids.length, "trace")}`}
      action="Tag"
      busy={tag.isPending}
      error={tag.error ? messageOf(tag.error) : ""}
      onClose={onClose}
      onSubmit={() => tag.mutate()}
    >
      <label>
        Name
        <input autoFocus required maxLength={250} value={key} onChange={(event) => setKey(event.target.value)} />
      </label>
      <label>
        Value
        <input value={value} onChange={(event) => setValue(event.target.value)} />
      </label>
    </FormDialog>
  );
}
