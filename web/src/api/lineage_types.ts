/** What lineage is made of. Pure. */

export type LineageKind = "DATASET" | "RUN" | "LOGGED_MODEL" | "MODEL_VERSION" | "PROMPT_VERSION" | "TRACE";

/** A run, LoggedModel or trace by its id, a version by name and version, a data set by name and digest. */
export interface LineageObject {
  kind: LineageKind;
  id?: string;
  name?: string;
  version?: string;
  digest?: string;
  experiment_id?: string;
  status?: string;
  timestamp?: number;
  deleted?: boolean;
}

export interface LineageLink {
  direction: "UPSTREAM" | "DOWNSTREAM";
  relation: string;
  object: LineageObject;
}

export interface Lineage {
  object: LineageObject;
  links: LineageLink[];
  next_page_token?: string;
}

export const objectKey = ({ kind, id, name, version, digest }: LineageObject) => [kind, id, name, version, digest].join("\n");
