/** Numbers, times and sizes as people read them. */

import type { Float, KeyValue } from "./api/types";

export function toNumber(value: Float): number {
  return typeof value === "number" ? value : value === "NaN" ? Number.NaN : Number(value);
}

/** Some significant digits, exponent only where it helps. */
export function number(value: Float, digits = 6): string {
  const n = toNumber(value);
  if (!Number.isFinite(n)) return String(n).replace("Infinity", "∞");
  if (Number.isInteger(n) && Math.abs(n) < 1e15) return n.toLocaleString("en-US");
  const size = Math.abs(n);
  if (size >= 1e9 || size < 1e-4) return n.toExponential(3).replace("e+", "e");
  return String(Number(n.toPrecision(digits)));
}

export function count(n: number, word: string): string {
  return `${n.toLocaleString("en-US")} ${word}${n === 1 ? "" : "s"}`;
}

export function bytes(size: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let at = 0;
  let n = size;
  while (n >= 1000 && at < units.length - 1) {
    n /= 1000;
    at += 1;
  }
  return `${at === 0 ? n : n.toPrecision(3)} ${units[at]}`;
}

export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  const seconds = ms / 1_000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return parts(minutes, "min", Math.floor(seconds % 60), "s");
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return parts(hours, "h", minutes % 60, "min");
  return parts(Math.floor(hours / 24), "d", hours % 24, "h");
}

/** Nothing is said of the smaller part when there is none. */
const parts = (large: number, of: string, small: number, rest: string) => (small === 0 ? `${large} ${of}` : `${large} ${of} ${small} ${rest}`);

/** A description in a line, without the marks of Markdown. */
export function firstLine(text: string | undefined): string {
  const [line = ""] = (text ?? "").trim().split("\n");
  return line
    .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replaceAll(/(\*\*|__|\*|`|~~)(?=\S)(.*?\S)\1/g, "$2")
    .replace(/^(#{1,6}|>|[-*+])\s+/, "")
    .trim();
}

const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const day = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });
const dayAndYear = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric", year: "numeric" });

export function time(ms: number): string {
  return exact.format(ms);
}

export function ago(ms: number, now: number = Date.now()): string {
  const seconds = Math.round((now - ms) / 1_000);
  if (seconds < 5) return "just now";
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ago`;
  if (seconds < 7 * 86_400) return `${Math.floor(seconds / 86_400)} d ago`;
  return (new Date(ms).getFullYear() === new Date(now).getFullYear() ? day : dayAndYear).format(ms);
}

/** Tags that people wrote; the client's own begin with `mlflow.`. */
export function userTags(tags: readonly KeyValue[] | undefined): KeyValue[] {
  return (tags ?? []).filter((tag) => !tag.key.startsWith("mlflow."));
}

export function tagOf(tags: readonly KeyValue[] | undefined, key: string): string | undefined {
  return tags?.find((tag) => tag.key === key)?.value;
}

/** The last part of a path-like experiment name, and what stands before it. */
export function splitName(name: string): { folder: string; leaf: string } {
  const at = name.lastIndexOf("/", name.length - 2);
  return { folder: name.slice(0, at + 1), leaf: name.slice(at + 1) };
}
