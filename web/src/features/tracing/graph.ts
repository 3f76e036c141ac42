/** The steps of a trace and who calls whom: spans of one name and type, but for numbers in the name, are one step. Pure. */

import type { Outline } from "~/api/trace_types";

export interface Step {
  key: string;
  name: string;
  type: string;
  /** Places of its spans in the outline, in order. */
  places: number[];
  errors: number;
  /** Microseconds of all its spans together; what runs side by side counts as often. */
  took: number;
  cost: number;
  /** How often it calls itself. */
  again: number;
  depth: number;
}

export interface Call {
  from: string;
  to: string;
  count: number;
  /** It leads back to an earlier step. */
  back: boolean;
}

export interface CallGraph {
  steps: Step[];
  calls: Call[];
  /** How many steps are left out. */
  hidden: number;
}

const MOST = 60;

export function callGraph(spans: Outline, most = MOST): CallGraph {
  const steps = new Map<string, Step>();
  const names = foldedNames(spans.names);
  const keyOf = (place: number) => `${names[spans.name[place] as number]} ${spans.type[place]}`;
  const failed = new Set(spans.errors);
  spans.ids.forEach((_, place) => {
    const key = keyOf(place);
    let step = steps.get(key);
    if (!step) {
      const name = names[spans.name[place] as number] as string;
      const type = spans.types[spans.type[place] as number] as string;
      step = { key, name, type, places: [], errors: 0, took: 0, cost: 0, again: 0, depth: -1 };
      steps.set(key, step);
    }
    step.places.push(place);
    step.took += Math.max(0, spans.duration_us[place] as number);
    step.cost += spans.costs[place] ?? 0;
    if (failed.has(place)) step.errors += 1;
  });
  const shown = kept(steps, keyOf, spans, most);
  const calls = new Map<string, Call>();
  spans.parents.forEach((parent, place) => {
    const to = keyOf(place);
    if (parent < 0 || parent === place || !shown.has(to)) return;
    const from = keyOf(parent);
    if (!shown.has(from)) return;
    if (from === to) {
      (shown.get(to) as Step).again += 1;
      return;
    }
    const call = calls.get(`${from} ${to}`);
    if (call) call.count += 1;
    else calls.set(`${from} ${to}`, { from, to, count: 1, back: false });
  });
  const all = [...calls.values()];
  descend([...shown.values()], all, spans, keyOf);
  for (const call of all) call.back = (shown.get(call.to) as Step).depth <= (shown.get(call.from) as Step).depth;
  return { steps: [...shown.values()], calls: all, hidden: steps.size - shown.size };
}

/** `page 1`, `page 2` and so on are `page #`; a number that stands in one name only stays. */
function foldedNames(names: readonly string[]): string[] {
  const folded = names.map((name) => name.replaceAll(/\d+/g, "#"));
  const counts = new Map<string, number>();
  for (const name of folded) counts.set(name, (counts.get(name) ?? 0) + 1);
  return names.map((name, at) => (counts.get(folded[at] as string) === 1 ? name : (folded[at] as string)));
}

/** The steps with most spans, and those that roots are. */
function kept(steps: ReadonlyMap<string, Step>, keyOf: (place: number) => string, spans: Outline, most: number): Map<string, Step> {
  if (steps.size <= most) return new Map(steps);
  const roots = new Set(spans.parents.flatMap((parent, place) => (parent < 0 ? [keyOf(place)] : [])));
  const rank = (step: Step) => (roots.has(step.key) ? Number.POSITIVE_INFINITY : step.places.length);
  const chosen = new Set([...steps.values()].toSorted((a, b) => rank(b) - rank(a)).slice(0, most).map((step) => step.key));
  return new Map([...steps].filter(([key]) => chosen.has(key)));
}

/** Each step as deep as the fewest calls that lead to it. */
function descend(steps: readonly Step[], calls: readonly Call[], spans: Outline, keyOf: (place: number) => string): void {
  const byKey = new Map(steps.map((step) => [step.key, step]));
  const below = new Map<string, string[]>();
  for (const { from, to } of calls) below.set(from, [...(below.get(from) ?? []), to]);
  const waiting: Step[] = [];
  const put = (step: Step | undefined, depth: number) => {
    if (!step || step.depth >= 0) return;
    step.depth = depth;
    waiting.push(step);
  };
  const drain = () => {
    for (let step = waiting.shift(); step; step = waiting.shift()) for (const key of below.get(step.key) ?? []) put(byKey.get(key), step.depth + 1);
  };
  spans.parents.forEach((parent, place) => parent < 0 && put(byKey.get(keyOf(place)), 0));
  drain();
  for (const step of steps) {
    put(step, 0); // nobody that is shown calls it
    drain();
  }
}
