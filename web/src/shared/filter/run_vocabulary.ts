import { type Field, fieldName, type Vocabulary } from "./suggest";

export interface Keys {
  metrics: readonly string[];
  params: readonly string[];
  tags: readonly string[];
}

const ATTRIBUTES = ["run_name", "status", "user_id", "start_time", "end_time", "run_id"];
const STATUSES = ["RUNNING", "FINISHED", "FAILED", "KILLED", "SCHEDULED"];

/** What runs and LoggedModels are filtered by. */
export function runVocabulary(
  keys: Keys,
  values: (field: string) => readonly string[],
  attributes: readonly string[] = ATTRIBUTES,
): Vocabulary {
  const fields: Field[] = [
    ...keys.metrics.map((key): Field => ({ name: fieldName("metrics", key), hint: "metric", kind: "number" })),
    ...keys.params.map((key): Field => ({ name: fieldName("params", key), hint: "param", kind: "label" })),
    ...attributes.map((key): Field => ({
      name: key.includes(".") ? key : `attributes.${key}`,
      hint: "attribute",
      kind: /_time(stamp)?$/.test(key) ? "number" : "text",
    })),
    ...keys.tags.map((key): Field => ({ name: fieldName("tags", key), hint: "tag", kind: "label" })),
  ];
  return {
    fields,
    values: (field) => (field === "attributes.status" ? STATUSES : values(field.replaceAll("`", ""))),
  };
}
