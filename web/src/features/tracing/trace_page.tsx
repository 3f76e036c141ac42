import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useState } from "react";
import { experiment as experimentQuery } from "~/api/experiments";
import { spansHolding, traceOutline, traceSpan } from "~/api/traces";
import type { TraceInfo, TraceOutline } from "~/api/trace_types";
import { count, splitName } from "~/format";
import { paths } from "~/links";
import { useMayChange } from "~/shared/access/may";
import { useExperimentAccess } from "~/shared/access/experiment_access";
import { PageHead } from "~/shared/page";
import { TraceStatus } from "~/shared/trace/brief";
import { Copy, copyText, Empty, Failure, Loading, typing, useDebounced, useTitle } from "~/ui/bits";
import { Button, IconButton, LinkButton } from "~/ui/button";
import { Icon } from "~/ui/icons";
import { Menu, MenuItem } from "~/ui/menu";
import { toast, toastError } from "~/ui/toast";
import { Assessments } from "./assessments";
import { attributesOf, factsOf, readPreview } from "./facts";
import { Payload, ViewSwitch } from "./payload";
import { SpanDetails } from "./span_details";
import { SpanGraph } from "./span_graph";
import { SpanTree } from "./span_tree";
import { DeleteTraces } from "./trace_list";
import { Labels, TraceFigures } from "./trace_facts";
import { rowsShown, treeOf } from "./tree";

const route = getRouteApi("/ml/experiments/$experimentId/traces/$traceId");

export function TracePage() {
  const { experimentId, traceId } = route.useParams();
  const outline = useQuery(traceOutline(traceId));
  useTitle(outline.data && (factsOf(outline.data.trace_info).name || "Trace"));
  if (outline.isPending) return <Loading />;
  if (outline.isLoadingError) return <Failure error={outline.error} retry={() => void outline.refetch()} back={<LinkButton to={paths.traces} params={{ experimentId }}>Traces of the experiment</LinkButton>} />;
  return <Loaded key={traceId} outline={outline.data} />;
}

function Loaded({ outline }: { outline: TraceOutline }) {
  const { trace_info: trace, spans } = outline;
  const search = route.useSearch();
  const navigate = useNavigate({ from: paths.trace });
  const experimentId = trace.trace_location.mlflow_experiment.experiment_id;
  const experiment = useQuery(experimentQuery(experimentId));
  const { name } = factsOf(trace);
  const tree = useMemo(() => treeOf(spans), [spans]);
  const places = useMemo(() => new Map(spans.ids.map((id, place) => [id, place])), [spans]);
  const selected = search.span === undefined ? null : (places.get(search.span) ?? null);
  const select = useCallback(
    (place: number | null) =>
      void navigate({
        search: (before) => ({ ...before, span: place === null ? undefined : spans.ids[place] }),
        replace: true,
      }),
    [navigate, spans],
  );
  return (
    <div className="page fill">
      <PageHead
        crumbs={[
          { name: "Experiments", link: { to: paths.experiments } },
          { name: splitName(experiment.data?.name ?? experimentId).leaf, link: { to: paths.experiment, params: { experimentId } } },
          { name: "Traces", link: { to: paths.traces, params: { experimentId } } },
        ]}
        title={
          <>
            <h1 className="ellipsis" title={name}>
              {name || trace.trace_id}
            </h1>
            <TraceStatus state={trace.state} />
          </>
        }
        actions={<Actions trace={trace} experimentId={experimentId} />}
      >
        <TraceFigures trace={trace} />
      </PageHead>
      <div className="trace">
        <Spans outline={outline} tree={tree} places={places} selected={selected} onSelect={select} layout={search.layout ?? "tree"} />
        <div className="details" tabIndex={0} role="region" aria-label={selected === null ? "Trace" : "Span"}>
          {selected === null ? (
            <Whole outline={outline} />
          ) : (
            <SpanDetails key={selected} experiment={trace.trace_location.mlflow_experiment.experiment_id} trace={trace.trace_id} spans={spans} place={selected} assessments={trace.assessments ?? []} />
          )}
        </div>
      </div>
    </div>
  );
}

interface SpansProps {
  outline: TraceOutline;
  tree: ReturnType<typeof treeOf>;
  places: ReadonlyMap<string, number>;
  selected: number | null;
  onSelect: (place: number | null) => void;
  layout: "tree" | "timeline" | "graph";
}

const LAYOUTS = { tree: "Tree", timeline: "Timeline", graph: "Graph" } as const;

/** The tree, how it is shown, and the search inside it. */
function Spans({ outline, tree, places, selected, onSelect, layout }: SpansProps) {
  const bars = layout === "timeline";
  const { trace_info: trace, spans } = outline;
  const navigate = useNavigate({ from: paths.trace });
  const [shut, setShut] = useState<ReadonlySet<number>>(new Set());
  const [text, setText] = useState("");
  const words = useDebounced(text.trim(), 200);
  const holding = useQuery(spansHolding(trace.trace_id, words));
  const found = useMemo(() => {
    if (!words) return null;
    const wanted = words.toLowerCase();
    const named = new Set(spans.names.flatMap((each, at) => (each.toLowerCase().includes(wanted) ? [at] : [])));
    const all = new Set<number>();
    spans.name.forEach((each, place) => named.has(each) && all.add(place));
    for (const id of holding.data ?? []) {
      const place = places.get(id);
      if (place !== undefined) all.add(place);
    }
    return all;
  }, [words, spans, places, holding.data]);
  const rows = useMemo(() => rowsShown(tree, shut, found, spans.parents), [tree, shut, found, spans]);
  const onShut = useCallback((place: number, close: boolean) => {
    setShut((before) => {
      const next = new Set(before);
      if (close) next.add(place);
      else next.delete(place);
      return next;
    });
  }, []);
  const hits = useMemo(() => (found ? [...found].toSorted((a, b) => (tree.rowOf[a] as number) - (tree.rowOf[b] as number)) : []), [found, tree]);
  const step = (by: number) => {
    const at = selected === null ? -1 : hits.indexOf(selected);
    const next = hits[(Math.max(at, by > 0 ? -1 : 0) + by + hits.length) % hits.length];
    if (next !== undefined) onSelect(next);
  };
  useSpanKeys(rows, tree.order, selected, onSelect);
  const totalCost = useMemo(() => Object.values(spans.costs).reduce((most, each) => Math.max(most, each), 0), [spans]);
  const parents = useMemo(() => new Set(spans.parents.filter((each) => each >= 0)), [spans]);
  return (
    <section className={layout === "tree" ? "trace-spans" : `trace-spans wide as-${layout}`} aria-label="Structure">
      <div className="trace-tools">
        <div className="field grow">
          <Icon name="search" />
          <input
            type="search"
            aria-label="Find in this trace"
            placeholder="Find in this trace"
            value={text}
            onChange={(event) => setText(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === "Enter" && hits.length) step(event.shiftKey ? -1 : 1);
              if (event.key === "Escape") setText("");
            }}
          />
        </div>
        <div className="segments" role="group" aria-label="Show spans as">
          {(Object.keys(LAYOUTS) as SpansProps["layout"][]).map((each) => (
            <Button
              key={each}
              small
              aria-pressed={each === layout}
              onClick={() => void navigate({ search: (before) => ({ ...before, layout: each === "tree" ? undefined : each }), replace: true })}
            >
              {LAYOUTS[each]}
            </Button>
          ))}
        </div>
        <IconButton
          small
          icon={shut.size ? "unfold" : "fold"}
          label={shut.size ? "Open everything" : "Shut everything"}
          blocked={layout === "graph" && "A graph has nothing to shut"}
          onClick={() => setShut(shut.size ? new Set() : parents)}
        />
      </div>
      {found && (
        <p className="trace-found muted small row" role="status">
          <span className="grow">
            {count(hits.length, "span")} found{holding.isFetching && ", looking further"}
          </span>
          <IconButton small icon="up" label="Previous" blocked={hits.length === 0 && "Nothing found"} onClick={() => step(-1)} />
          <IconButton small icon="down" label="Next" blocked={hits.length === 0 && "Nothing found"} onClick={() => step(1)} />
        </p>
      )}
      <button type="button" className={selected === null ? "whole-trace current" : "whole-trace"} aria-pressed={selected === null} onClick={() => onSelect(null)}>
        <Icon name="trace" size={14} />
        <span className="grow">Whole trace</span>
        <span className="muted small">{count(spans.ids.length, "span")}</span>
        {spans.errors.length > 0 && <span className="pill bad">{count(spans.errors.length, "error")}</span>}
      </button>
      {spans.ids.length === 0 ? (
        <Empty icon="trace" title="No spans yet">
          <p>They appear here as soon as they come.</p>
        </Empty>
      ) : layout === "graph" ? (
        <SpanGraph spans={spans} found={found} selected={selected} onSelect={onSelect} />
      ) : (
        <SpanTree
          spans={spans}
          tree={tree}
          rows={rows}
          shut={shut}
          onShut={onShut}
          found={found}
          selected={selected}
          onSelect={onSelect}
          bars={bars}
          totalCost={totalCost}
        />
      )}
    </section>
  );
}

/** J and K go through the spans from anywhere on the page, Escape to the whole trace. */
function useSpanKeys(rows: readonly number[], order: Int32Array, selected: number | null, select: (place: number | null) => void): void {
  useEffect(() => {
    const key = (event: KeyboardEvent) => {
      if (typing(event)) return;
      const step = event.key === "j" ? 1 : event.key === "k" ? -1 : 0;
      if (step) {
        const at = selected === null ? -1 : rows.findIndex((row) => order[row] === selected);
        const next = rows[Math.min(rows.length - 1, Math.max(0, at + step))];
        if (next !== undefined) select(order[next] as number);
      } else if (event.key === "Escape" && selected !== null) select(null);
    };
    document.addEventListener("keydown", key);
    return () => document.removeEventListener("keydown", key);
  });
}

/** The trace as a whole: what its root was asked and answered, and what is said about it. */
function Whole({ outline }: { outline: TraceOutline }) {
  const { trace_info: trace, spans } = outline;
  const root = spans.parents.findIndex((each) => each < 0);
  const id = root < 0 ? "" : (spans.ids[root] as string);
  const span = useQuery({ ...traceSpan(trace.trace_id, id), enabled: id !== "" });
  const said = span.data ? attributesOf(span.data.attributes) : {};
  const first = spans.errors[0];
  return (
    <div className="details-body">
      <header className="details-head row">
        <h2 className="grow">Whole trace</h2>
        <ViewSwitch />
      </header>
      {first !== undefined && (
        <p className="span-error">
          {count(spans.errors.length, "span")} failed.{" "}
          <Link
            to={paths.trace}
            params={{ experimentId: trace.trace_location.mlflow_experiment.experiment_id, traceId: trace.trace_id }}
            search={(before) => ({ ...before, span: spans.ids[spans.errors.at(-1) ?? first] })}
          >
            To the last one: {spans.names[spans.name[spans.errors.at(-1) ?? first] as number]}
          </Link>
        </p>
      )}
      <Assessments experiment={trace.trace_location.mlflow_experiment.experiment_id} trace={trace.trace_id} all={trace.assessments ?? []} />
      {id !== "" && span.isPending ? (
        <Loading rows={5} />
      ) : (
        <>
          <Payload title="Request" value={said["mlflow.spanInputs"] ?? readPreview(trace.request_preview)} />
          <Payload title="Response" value={said["mlflow.spanOutputs"] ?? readPreview(trace.response_preview)} />
        </>
      )}
      <Labels trace={trace} />
    </div>
  );
}

function Actions({ trace, experimentId }: { trace: TraceInfo; experimentId: string }) {
  const readOnly = useMayChange(experimentId);
  const navigate = useNavigate();
  const [deleting, setDeleting] = useState(false);
  const access = useExperimentAccess(experimentId, factsOf(trace).name || "this trace");
  return (
    <>
      <Menu label="" name="Actions for this trace" icon="more" align="end">
        {(close) => (
          <>
            <p className="menu-note">
              <code>{trace.trace_id}</code> <Copy text={trace.trace_id} label="Copy the trace id" />
            </p>
            <MenuItem
              icon="copy"
              onClick={() => {
                close();
                void copyText(`mlflow.get_trace("${trace.trace_id}")`).then(() => toast("Copied"), toastError);
              }}
            >
              Copy Python that reads it
            </MenuItem>
            {access.item(close)}
            <MenuItem
              icon="trash"
              danger
              blocked={readOnly}
              onClick={() => {
                close();
                setDeleting(true);
              }}
            >
              Delete
            </MenuItem>
          </>
        )}
      </Menu>
      {access.dialog}
      {deleting && (
        <DeleteTraces
          traces={[trace]}
          onClose={() => setDeleting(false)}
          onDone={() => void navigate({ to: paths.traces, params: { experimentId } })}
        />
      )}
    </>
  );
}
