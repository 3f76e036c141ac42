/** What tables keep in addresses: lists of columns, an order. */

import type { Sort } from "./grid";

export function encodeList(ids: readonly string[]): string {
  return ids.map((id) => id.replaceAll("%", "%25").replaceAll(",", "%2C")).join(",");
}

export function decodeList(text: string | undefined): string[] {
  return (text ?? "")
    .split(",")
    .filter(Boolean)
    .map((id) => id.replaceAll("%2C", ",").replaceAll("%25", "%"));
}

export function parseSort(text: string | undefined): Sort | null {
  if (!text) return null;
  const at = text.lastIndexOf(":");
  return { id: text.slice(0, at), descending: text.slice(at + 1) === "desc" };
}

export function writeSort(sort: Sort): string {
  return `${sort.id}:${sort.descending ? "desc" : "asc"}`;
}

/** What a click on a column's head leads to: largest first, smallest first, the usual order. */
export function nextSort(sort: Sort | null, id: string): string | undefined {
  if (sort?.id !== id) return `${id}:desc`;
  return sort.descending ? `${id}:asc` : undefined;
}
