/** Spans as a tree that can be drawn from anywhere: 35,000 of them, in a few milliseconds. Pure. */

import type { Outline } from "~/api/trace_types";

/** `place` is where a span is in the outline, `row` where it is in the tree with everything open. */
export interface Tree {
  /** place by row */
  order: Int32Array;
  /** row by place */
  rowOf: Int32Array;
  depth: Int32Array;
  /** The row after the last one below this row. */
  end: Int32Array;
  /** From the first start to the last end. */
  total: number;
}

export function treeOf(spans: Outline): Tree {
  const count = spans.ids.length;
  const first = new Int32Array(count).fill(-1);
  const next = new Int32Array(count).fill(-1);
  // From the last to the first, so that each list of children is in the order of their starts.
  for (let place = count - 1; place >= 0; place -= 1) {
    const parent = spans.parents[place] as number;
    if (parent < 0 || parent === place) continue;
    next[place] = first[parent] as number;
    first[parent] = place;
  }
  const tree: Tree = {
    order: new Int32Array(count),
    rowOf: new Int32Array(count).fill(-1),
    depth: new Int32Array(count),
    end: new Int32Array(count),
    total: 1,
  };
  let row = 0;
  const walk = (top: number) => {
    let place = top;
    let depth = 0;
    while (place >= 0) {
      tree.order[row] = place;
      tree.rowOf[place] = row;
      tree.depth[row] = depth;
      row += 1;
      const child = unseen(first[place] as number, tree, next);
      if (child >= 0) {
        place = child;
        depth += 1;
        continue;
      }
      for (;;) {
        tree.end[tree.rowOf[place] as number] = row;
        if (place === top) return;
        const sibling = unseen(next[place] as number, tree, next);
        if (sibling >= 0) {
          place = sibling;
          break;
        }
        place = spans.parents[place] as number;
        depth -= 1;
      }
    }
  };
  for (let place = 0; place < count; place += 1) if ((spans.parents[place] as number) < 0) walk(place);
  for (let place = 0; place < count; place += 1) if ((tree.rowOf[place] as number) < 0) walk(place); // in a circle
  for (let place = 0; place < count; place += 1) {
    tree.total = Math.max(tree.total, (spans.start_us[place] as number) + Math.max(0, spans.duration_us[place] as number));
  }
  return tree;
}

/** The first of these siblings that is nowhere in the tree yet: parents may form a circle. */
function unseen(place: number, tree: Tree, next: Int32Array): number {
  let at = place;
  while (at >= 0 && (tree.rowOf[at] as number) >= 0) at = next[at] as number;
  return at;
}

/** The rows in sight: nothing below what is shut, and, of a search, what was found and what it is in. */
export function rowsShown(tree: Tree, shut: ReadonlySet<number>, found: ReadonlySet<number> | null, parents: readonly number[]): number[] {
  const wanted = found && withParents(found, parents);
  const rows: number[] = [];
  const count = tree.order.length;
  for (let row = 0; row < count; ) {
    const place = tree.order[row] as number;
    if (wanted && !wanted.has(place)) {
      row = tree.end[row] as number;
      continue;
    }
    rows.push(row);
    row = !wanted && shut.has(place) ? (tree.end[row] as number) : row + 1;
  }
  return rows;
}

function withParents(found: ReadonlySet<number>, parents: readonly number[]): Set<number> {
  const all = new Set<number>();
  for (const place of found) {
    for (let at = place; at >= 0 && !all.has(at); at = parents[at] as number) all.add(at);
  }
  return all;
}

export const hasChildren = (tree: Tree, row: number) => (tree.end[row] as number) > row + 1;

/** How hot: 0 for what takes little of the whole, 1 and 2 for what takes much of it. */
export function heat(share: number): 0 | 1 | 2 {
  return share >= 0.75 ? 2 : share >= 0.4 ? 1 : 0;
}

/** Round places on a time axis, in microseconds. */
export function ticks(total: number, wanted: number): number[] {
  const rough = total / Math.max(1, wanted);
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((each) => each * size).find((each) => each >= rough) ?? rough;
  const found: number[] = [];
  for (let at = 0; at < total * 0.97; at += step) found.push(at);
  return found;
}
