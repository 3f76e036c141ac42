import type { NamedEntry, SecurableKind } from "~/api/catalog";
import type { SecurableName } from "~/api/access";
import { paths } from "~/links";
import type { IconName } from "~/ui/icons";

interface Kind {
  one: string;
  many: string;
  icon: IconName;
  /** As grants and explanations call it. */
  type: SecurableName["type"];
}

export const KINDS: Record<SecurableKind, Kind> = {
  catalogs: { one: "catalog", many: "Catalogs", icon: "catalog", type: "catalog" },
  schemas: { one: "schema", many: "Schemas", icon: "schema", type: "schema" },
  tables: { one: "table", many: "Tables", icon: "table", type: "table" },
  volumes: { one: "volume", many: "Volumes", icon: "volume", type: "volume" },
  functions: { one: "function", many: "Functions", icon: "function", type: "function" },
  models: { one: "model", many: "Models", icon: "layers", type: "function" },
};

export type InSchema = "tables" | "volumes" | "functions" | "models";
export const IN_SCHEMA: readonly InSchema[] = ["tables", "volumes", "functions", "models"];

/** Where something of this full name is shown. */
export function placeOf(kind: SecurableKind, fullName: string) {
  const [catalog = "", schema = "", ...rest] = fullName.split(".");
  const name = rest.join(".");
  if (kind === "catalogs") return { to: paths.inCatalog, params: { catalog }, search: {} } as const;
  if (kind === "schemas") return { to: paths.inSchema, params: { catalog, schema }, search: {} } as const;
  if (kind === "models") return { to: paths.registered, params: { name: modelName(fullName) }, search: {} } as const;
  return { to: paths.asset, params: { catalog, schema, kind, name }, search: {} } as const;
}

/** Models of `main.default` go by their last name over http. */
function modelName(fullName: string): string {
  return fullName.startsWith("main.default.") ? fullName.slice("main.default.".length) : fullName;
}

export const kindOf = (entry: NamedEntry): SecurableKind => `${entry.kind}s`;
