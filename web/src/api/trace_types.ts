/** What the server sends about traces, named as on the wire. */

export type TraceState = "OK" | "ERROR" | "IN_PROGRESS" | "STATE_UNSPECIFIED";

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

export type SourceType = "HUMAN" | "LLM_JUDGE" | "CODE" | "SOURCE_TYPE_UNSPECIFIED";

export interface Assessment {
  assessment_name: string;
  assessment_id: string;
  trace_id: string;
  span_id?: string;
  source: { source_type: SourceType; source_id: string };
  create_time: string;
  last_update_time: string;
  feedback?: { value?: Json; error?: { error_code?: string; error_message?: string } };
  expectation?: { value?: Json; serialized_value?: { value: string } };
  issue?: { issue_name: string };
  rationale?: string;
  metadata?: Record<string, string>;
  overrides?: string;
  valid?: boolean;
}

export interface TraceInfo {
  trace_id: string;
  trace_location: { mlflow_experiment: { experiment_id: string } };
  request_time: string;
  state: TraceState;
  request_preview?: string;
  response_preview?: string;
  client_request_id?: string;
  execution_duration?: string;
  trace_metadata?: Record<string, string>;
  tags?: Record<string, string>;
  assessments?: Assessment[];
}

export interface TracesPage {
  traces: TraceInfo[];
  next_page_token?: string;
}

/** Spans as columns; see the server's `wire/outline.py`. */
export interface Outline {
  start_ns: string;
  ids: string[];
  parents: number[];
  name: number[];
  type: number[];
  start_us: number[];
  duration_us: number[];
  errors: number[];
  tokens: Record<string, number>;
  costs: Record<string, number>;
  names: string[];
  types: string[];
}

export interface TraceOutline {
  trace_info: TraceInfo;
  spans: Outline;
}

/** An attribute value in protobuf's JSON. */
export interface AnyValue {
  string_value?: string;
  bool_value?: boolean;
  int_value?: string;
  double_value?: number | string;
  bytes_value?: string;
  array_value?: { values: AnyValue[] };
  kvlist_value?: { values: { key: string; value: AnyValue }[] };
}

export interface Attribute {
  key: string;
  value: AnyValue;
}

export interface Span {
  trace_id: string;
  span_id: string;
  parent_span_id: string;
  name: string;
  kind: number;
  start_time_unix_nano: string;
  end_time_unix_nano: string;
  attributes: Attribute[];
  status: { code: number | string; message: string };
  events?: { time_unix_nano: string; name: string; attributes: Attribute[] }[];
  links?: { trace_id: string; span_id: string; attributes: Attribute[] }[];
}

export interface Session {
  session_id: string;
  experiment_id: string;
  trace_count: number;
  first_time_ms: number;
  last_time_ms: number;
  error_count: number;
  total_tokens?: number;
  total_cost?: number;
  user?: string;
  first_request_preview?: string;
  last_response_preview?: string;
}

export interface DataPoint {
  metric_name: string;
  dimensions: Record<string, string>;
  values: Record<string, number>;
}
