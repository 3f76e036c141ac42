/** Requests out of Prometheus text. Pure. */

export interface Calls {
  method: string;
  path: string;
  count: number;
  refused: number;
  failed: number;
  /** Seconds on average. */
  mean: number;
  /** The bound, in seconds, below which 95 of 100 were answered; null if that is beyond the last. */
  p95: number | null;
}

const LINE = /^(\w+)\{(.*)\} (\S+)/; // labels may hold braces: /a/{b}
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

interface Seen extends Omit<Calls, "mean" | "p95"> {
  seconds: number;
  timed: number;
  buckets: [bound: number, count: number][];
}

/** Each route with what became of its requests, the busiest first. */
export function callsOf(text: string): Calls[] {
  const found = new Map<string, Seen>();
  for (const line of text.split("\n")) {
    const [, name = "", written = "", value = ""] = LINE.exec(line) ?? [];
    if (!name.startsWith("lakeward_request")) continue;
    const labels = Object.fromEntries([...written.matchAll(LABEL)].map(([, key = "", text_ = ""]) => [key, text_]));
    const { method = "", path = "", status = "", le = "" } = labels;
    const key = `${method} ${path}`;
    const seen = found.get(key) ?? { method, path, count: 0, refused: 0, failed: 0, seconds: 0, timed: 0, buckets: [] };
    found.set(key, seen);
    add(seen, name, status, le, Number(value));
  }
  return [...found.values()].map(told).toSorted((a, b) => b.count - a.count);
}

function add(seen: Seen, name: string, status: string, le: string, value: number): void {
  if (name === "lakeward_requests_total") {
    seen.count += value;
    if (status.startsWith("4")) seen.refused += value;
    if (status.startsWith("5")) seen.failed += value;
  } else if (name === "lakeward_request_seconds_sum") seen.seconds += value;
  else if (name === "lakeward_request_seconds_count") seen.timed += value;
  else if (name === "lakeward_request_seconds_bucket") seen.buckets.push([le === "+Inf" ? Number.POSITIVE_INFINITY : Number(le), value]);
}

function told({ seconds, timed, buckets, ...rest }: Seen): Calls {
  const bound = buckets.toSorted(([a], [b]) => a - b).find(([, count]) => count >= timed * 0.95)?.[0] ?? null;
  return { ...rest, mean: timed ? seconds / timed : 0, p95: bound !== null && Number.isFinite(bound) ? bound : null };
}
