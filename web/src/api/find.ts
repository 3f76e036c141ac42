import { get } from "./client";

export interface FoundObject {
  kind: "experiment" | "run" | "logged_model" | "trace" | "session";
  id: string;
  name: string;
  experiment_id: string;
  experiment_name: string;
}

/** In all experiments that the caller sees: by letters of a name, or by how an id begins. `limit` is of each kind. */
export const findInExperiments = async (words: string, limit: number, signal: AbortSignal) =>
  (await get<{ found: FoundObject[] }>("/api/2.0/lakeward/find", { words, max_results: limit }, { signal })).found;
