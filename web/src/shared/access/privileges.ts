/** Which privileges there are on what, in the order in which people look for them, and what each is for. */

import type { SecurableName } from "~/api/access";

const MEANING: Record<string, string> = {
  BROWSE: "see that it is there, and its description",
  USE_CATALOG: "needed for anything in the catalog",
  USE_SCHEMA: "needed for anything in the schema",
  SELECT: "read tables",
  MODIFY: "write tables",
  READ_VOLUME: "read files of volumes",
  WRITE_VOLUME: "write files of volumes",
  EXECUTE: "load models, read functions",
  APPLY_TAG: "set tags",
  CREATE_SCHEMA: "make schemas",
  CREATE_TABLE: "make tables",
  CREATE_VOLUME: "make volumes",
  CREATE_FUNCTION: "register functions and models",
  CREATE_MODEL: "register models and prompts",
  CREATE_MODEL_VERSION: "add versions to models and prompts",
  CREATE_MATERIALIZED_VIEW: "kept for clients; nothing here needs it",
  CREATE_VIEW: "kept for clients; nothing here needs it",
  EXTERNAL_USE_SCHEMA: "kept for clients; nothing here needs it",
  REFRESH: "kept for clients; nothing here needs it",
  ALL_PRIVILEGES: "everything but MANAGE",
  MANAGE: "change, delete, and decide who may do what",
};

const SCHEMA = [
  "BROWSE", "USE_SCHEMA", "SELECT", "MODIFY", "READ_VOLUME", "WRITE_VOLUME", "EXECUTE", "APPLY_TAG", "CREATE_TABLE", "CREATE_VOLUME",
  "CREATE_FUNCTION", "CREATE_MODEL", "CREATE_MODEL_VERSION", "CREATE_MATERIALIZED_VIEW", "CREATE_VIEW", "EXTERNAL_USE_SCHEMA", "REFRESH",
  "ALL_PRIVILEGES", "MANAGE",
]; // prettier-ignore

export const PRIVILEGES: Record<SecurableName["type"], readonly string[]> = {
  catalog: ["USE_CATALOG", "CREATE_SCHEMA", ...SCHEMA],
  schema: SCHEMA,
  table: ["BROWSE", "SELECT", "MODIFY", "APPLY_TAG", "ALL_PRIVILEGES", "MANAGE"],
  volume: ["BROWSE", "READ_VOLUME", "WRITE_VOLUME", "APPLY_TAG", "ALL_PRIVILEGES", "MANAGE"],
  function: ["BROWSE", "EXECUTE", "APPLY_TAG", "CREATE_MODEL_VERSION", "ALL_PRIVILEGES", "MANAGE"],
};

/** What an explanation can be about. */
export const RIGHTS: Record<SecurableName["type"], readonly string[]> = {
  catalog: ["BROWSE", "USE_CATALOG", "CREATE_SCHEMA", "APPLY_TAG", "MANAGE"],
  schema: ["BROWSE", "USE_SCHEMA", "CREATE_TABLE", "CREATE_VOLUME", "CREATE_FUNCTION", "CREATE_MODEL", "APPLY_TAG", "MANAGE"],
  table: ["SELECT", "MODIFY", "BROWSE", "APPLY_TAG", "MANAGE"],
  volume: ["READ_VOLUME", "WRITE_VOLUME", "BROWSE", "APPLY_TAG", "MANAGE"],
  function: ["EXECUTE", "BROWSE", "APPLY_TAG", "MANAGE"],
};

export const meaning = (privilege: string) => MEANING[privilege] ?? "";
export const wordOf = (privilege: string) => privilege.replaceAll("_", " ");
