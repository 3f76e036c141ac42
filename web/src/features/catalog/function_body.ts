import type { CatalogFunction, Parameter } from "~/api/catalog";

export const typeOf = (parameter: Parameter) => parameter.type_text || (parameter.type_name ?? "").toLowerCase();
export const returned = (it: CatalogFunction) => it.full_data_type || (it.data_type ?? "").toLowerCase() || (it.return_params ? "table" : "");

/** `(amount double, country string) → double` */
export function signature(it: CatalogFunction): string {
  const parameters = (it.input_params?.parameters ?? []).map((each) => `${each.name} ${typeOf(each)}`.trim());
  const result = returned(it);
  return `(${parameters.join(", ")})${result && ` → ${result}`}`;
}
