import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { change, get, post } from "./client";
import { severally } from "./severally";
import { pattern } from "./run_filter";
import type { Assessment, DataPoint, Json, Session, SourceType, Span, TraceInfo, TraceOutline, TracesPage } from "./trace_types";

const API = "/api/3.0/mlflow/traces";
const OWN = "/api/2.0/lakeward/traces";
export const TRACES_AT_FIRST = 100;
const NEXT_PAGE = 500;
const AT_ONCE = 1_000; // traces in one request of the server

export interface TraceSearch {
  experiments: readonly string[];
  /** Clauses, or words that are looked for in all that spans say. */
  filter: string;
  order: string;
  /** Epoch milliseconds; both may be missing. */
  from?: number;
  to?: number;
}

const OPERATOR = /(<=|>=|!=|[<>=]|\b(i|r)?like\b|\b(not\s+)?in\s*\(|\bis\s+(not\s+)?null\b)/i;

/** What the server is asked: clauses as they are; words without any comparison are looked for in every text. */
export function traceFilter({ filter, from, to }: Pick<TraceSearch, "filter" | "from" | "to">): string {
  const words = filter.trim();
  const clauses = [
    words && (OPERATOR.test(words) ? words : `trace.text ILIKE ${pattern(words)}`),
    from === undefined ? "" : `timestamp_ms >= ${Math.round(from)}`,
    to === undefined ? "" : `timestamp_ms < ${Math.round(to)}`,
  ];
  return clauses.filter(Boolean).join(" AND ");
}

const places = (experiments: readonly string[]) =>
  experiments.map((id) => ({ type: "MLFLOW_EXPERIMENT", mlflow_experiment: { experiment_id: id } }));

export function searchTraces(search: TraceSearch, limit: number, token?: string, signal?: AbortSignal): Promise<TracesPage> {
  return post<TracesPage>(
    `${API}/search`,
    {
      locations: places(search.experiments),
      filter: traceFilter(search) || undefined,
      order_by: search.order ? [search.order] : [],
      max_results: limit,
      page_token: token,
    },
    { signal },
  );
}

export const traceList = (search: TraceSearch) =>
  infiniteQueryOptions({
    queryKey: ["traces", "list", search],
    queryFn: ({ pageParam, signal }) => searchTraces(search, pageParam ? NEXT_PAGE : TRACES_AT_FIRST, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_page_token,
    refetchOnWindowFocus: false,
    staleTime: 30_000,
  });

/** The newest state of the first page, asked again and again while somebody looks. */
export const traceHead = (search: TraceSearch, every: number) =>
  queryOptions({
    queryKey: ["traces", "head", search],
    queryFn: ({ signal }) => searchTraces(search, TRACES_AT_FIRST, undefined, signal),
    refetchInterval: every,
  });

/** Whether an experiment has any. */
export const tracesAtAll = (experiment: string) =>
  queryOptions({
    queryKey: ["traces", "at all", experiment],
    queryFn: async ({ signal }) => (await searchTraces({ experiments: [experiment], filter: "", order: "" }, 1, undefined, signal)).traces.length > 0,
  });

export const traceOutline = (id: string) =>
  queryOptions({
    queryKey: ["traces", "outline", id],
    queryFn: ({ signal }) => get<TraceOutline>(`${OWN}/${encodeURIComponent(id)}/outline`, undefined, { signal }),
    staleTime: 30_000,
    structuralSharing: false, // comparing 35,000 spans with those before takes longer than drawing them
    refetchInterval: (query) => (query.state.data?.trace_info.state === "IN_PROGRESS" ? 3_000 : false),
  });

export const traceSpan = (trace: string, span: string) =>
  queryOptions({
    queryKey: ["traces", "span", trace, span],
    queryFn: async ({ signal }) =>
      (await get<{ span: Span }>(`${OWN}/${encodeURIComponent(trace)}/spans/${span}`, undefined, { signal })).span,
    staleTime: 60_000,
  });

export const spansHolding = (trace: string, text: string) =>
  queryOptions({
    queryKey: ["traces", "holding", trace, text],
    queryFn: async ({ signal }) =>
      (await get<{ span_ids: string[] }>(`${OWN}/${encodeURIComponent(trace)}/spans`, { text }, { signal })).span_ids,
    enabled: text !== "",
    staleTime: 60_000,
  });

export const traceInfo = (id: string) =>
  queryOptions({
    queryKey: ["traces", "info", id],
    queryFn: async ({ signal }) =>
      (await get<{ trace: { trace_info: TraceInfo } }>(`${API}/${encodeURIComponent(id)}`, undefined, { signal })).trace.trace_info,
  });

// ── changes ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** For good: traces have no trash. */
export async function deleteTraces(experiment: string, ids: readonly string[]): Promise<void> {
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    await post(`${API}/delete-traces`, { experiment_id: experiment, request_ids: ids.slice(at, at + AT_ONCE) });
  }
}

export const setTraceTag = (id: string, key: string, value: string) =>
  change("PATCH", `${API}/${encodeURIComponent(id)}/tags`, { key, value });
export const tagTraces = (ids: readonly string[], key: string, value: string) => severally(ids, (id) => setTraceTag(id, key, value));
export const deleteTraceTag = (id: string, key: string) =>
  change("DELETE", `${API}/${encodeURIComponent(id)}/tags`, { key });

export interface Judgement {
  name: string;
  kind: "feedback" | "expectation";
  value: Json;
  rationale: string;
}

const saidOf = (judgement: Judgement) => ({
  assessment_name: judgement.name,
  rationale: judgement.rationale || undefined,
  [judgement.kind]:
    judgement.kind === "expectation" && typeof judgement.value === "object"
      ? { serialized_value: { serialization_format: "JSON_FORMAT", value: JSON.stringify(judgement.value) } }
      : { value: judgement.value },
});

export const addAssessment = (trace: string, judgement: Judgement, source: { type: SourceType; id: string }, span?: string) =>
  post<{ assessment: Assessment }>(`${API}/${encodeURIComponent(trace)}/assessments`, {
    assessment: { ...saidOf(judgement), source: { source_type: source.type, source_id: source.id }, span_id: span || undefined },
  });

export const changeAssessment = (trace: string, id: string, judgement: Judgement) =>
  change("PATCH", `${API}/${encodeURIComponent(trace)}/assessments/${encodeURIComponent(id)}`, {
    assessment: saidOf(judgement),
    update_mask: `assessmentName,rationale,${judgement.kind}`,
  });

export const deleteAssessment = (trace: string, id: string) =>
  change("DELETE", `${API}/${encodeURIComponent(trace)}/assessments/${encodeURIComponent(id)}`);

// ── many traces together ─────────────────────────────────────────────────────────────────────────────────────────────

export const sessionList = (search: TraceSearch) =>
  infiniteQueryOptions({
    queryKey: ["traces", "sessions", search],
    queryFn: ({ pageParam, signal }) =>
      post<{ sessions: Session[]; next_page_token?: string }>(
        `${API}/sessions/search`,
        {
          experiment_ids: search.experiments,
          filter: traceFilter(search) || undefined,
          max_results: 100,
          page_token: pageParam,
        },
        { signal },
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_page_token,
  });

export interface MetricQuestion {
  experiments: readonly string[];
  view: "TRACES" | "SPANS" | "ASSESSMENTS";
  metric: string;
  /** COUNT, SUM, AVG, or a percentile. */
  of: readonly (string | number)[];
  by?: readonly string[];
  filters?: readonly string[];
  from: number;
  to: number;
  interval?: number;
}

export const traceMetrics = (question: MetricQuestion) =>
  queryOptions({
    queryKey: ["traces", "metrics", question],
    queryFn: async ({ signal }) => {
      const body = {
        experiment_ids: question.experiments,
        view_type: question.view,
        metric_name: question.metric,
        aggregations: question.of.map((each) =>
          typeof each === "number" ? { aggregation_type: "PERCENTILE", percentile_value: each } : { aggregation_type: each },
        ),
        dimensions: question.by ?? [],
        filters: question.filters ?? [],
        start_time_ms: question.from,
        end_time_ms: question.to,
        time_interval_seconds: question.interval,
      };
      return (await post<{ data_points: DataPoint[] }>(`${API}/metrics`, body, { signal })).data_points;
    },
    staleTime: 30_000,
  });
