/** What the server sends, named as on the wire. */

export interface KeyValue {
  key: string;
  value: string;
}

export type Role = "USE" | "READ" | "EDIT" | "MANAGE";

export interface WorkspaceInfo {
  id: string;
  name: string;
  description: string;
  role: Role;
}

export interface WhoAmI {
  name: string;
  is_admin: boolean;
  version: string;
  workspaces: WorkspaceInfo[];
  /** How: signed in, with a token, or from the server's own machine. */
  by: "SESSION" | "TOKEN" | "LOCAL";
  csrf_token: string;
}

export interface Experiment {
  experiment_id: string;
  name: string;
  artifact_location: string;
  lifecycle_stage: "active" | "deleted";
  last_update_time: number;
  creation_time: number;
  tags: KeyValue[];
}

export type RunStatus = "RUNNING" | "SCHEDULED" | "FINISHED" | "FAILED" | "KILLED";

export interface RunInfo {
  run_id: string;
  run_name: string;
  experiment_id: string;
  user_id: string;
  status: RunStatus;
  start_time: number;
  end_time?: number;
  artifact_uri: string;
  lifecycle_stage: "active" | "deleted";
}

/** A number, or the words for what JSON has no number for. */
export type Float = number | "NaN" | "Infinity" | "-Infinity";

export interface Metric {
  key: string;
  value: Float;
  timestamp: number;
  step: number;
  dataset_name?: string;
  dataset_digest?: string;
  model_id?: string;
  run_id?: string;
}

export interface Dataset {
  name: string;
  digest: string;
  source_type: string;
  source: string;
  schema?: string;
  profile?: string;
}

export interface Run {
  info: RunInfo;
  data: { metrics?: (Pick<Metric, "key" | "value" | "step"> & Partial<Metric>)[]; params?: KeyValue[]; tags?: KeyValue[] };
  inputs: { dataset_inputs?: { dataset: Dataset; tags?: KeyValue[] }[]; model_inputs?: { model_id: string }[] };
  outputs: { model_outputs?: { model_id: string; step: number }[] };
}

export interface RunsPage {
  runs: Run[];
  next_page_token?: string;
}

export interface LoggedModel {
  info: {
    model_id: string;
    experiment_id: string;
    name: string;
    creation_timestamp_ms: number;
    last_updated_timestamp_ms: number;
    artifact_uri: string;
    status: string;
    model_type: string;
    source_run_id: string;
    tags: KeyValue[];
    registrations: { name: string; version: string }[];
  };
  data: { params: KeyValue[]; metrics: Metric[] };
}

export interface ModelsPage {
  models: LoggedModel[];
  next_page_token?: string;
}

export interface FileInfo {
  path: string;
  is_dir: boolean;
  file_size?: number;
}

export interface FileList {
  root_uri: string;
  files: FileInfo[];
  next_page_token?: string;
}

export type View = "ACTIVE_ONLY" | "DELETED_ONLY" | "ALL";
