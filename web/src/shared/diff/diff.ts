/** What differs between two texts, by lines, and within a changed line by words. Pure. */

export type Kind = "same" | "added" | "removed";

export interface Piece {
  kind: Kind;
  text: string;
}

export interface DiffLine extends Piece {
  /** Of a line that was changed rather than added or removed: its pieces. */
  pieces?: Piece[];
  /** Numbers of the line before and after, from 1. */
  before?: number;
  after?: number;
}

const LARGEST = 4_000_000; // cells of the table below; larger texts are shown as removed and added

const same = (texts: readonly string[]): Piece[] => texts.map((text) => ({ kind: "same", text }));

/** How many cells of the table were filled since the start: the work that texts cost. */
export const work = { cells: 0 };

/** The longest common subsequence, as the pieces of both. */
function compare(before: readonly string[], after: readonly string[]): Piece[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let tail = 0;
  while (tail < before.length - start && tail < after.length - start && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  const a = before.slice(start, before.length - tail);
  const b = after.slice(start, after.length - tail);
  return [...same(before.slice(0, start)), ...middle(a, b), ...same(before.slice(before.length - tail))];
}

function middle(a: readonly string[], b: readonly string[]): Piece[] {
  const whole: Piece[] = [...a.map((text): Piece => ({ kind: "removed", text })), ...b.map((text): Piece => ({ kind: "added", text }))];
  if (a.length === 0 || b.length === 0 || a.length * b.length > LARGEST) return whole;
  work.cells += a.length * b.length;
  const width = b.length + 1;
  const lengths = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      lengths[i * width + j] =
        a[i] === b[j]
          ? (lengths[(i + 1) * width + j + 1] as number) + 1
          : Math.max(lengths[(i + 1) * width + j] as number, lengths[i * width + j + 1] as number);
    }
  }
  const found: Piece[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      found.push({ kind: "same", text: a[i] as string });
      i += 1;
      j += 1;
    } else if (j >= b.length || (i < a.length && (lengths[(i + 1) * width + j] as number) >= (lengths[i * width + j + 1] as number))) {
      found.push({ kind: "removed", text: a[i] as string });
      i += 1;
    } else {
      found.push({ kind: "added", text: b[j] as string });
      j += 1;
    }
  }
  return found;
}

export function diffLines(before: string, after: string): DiffLine[] {
  const lines = compare(before.split("\n"), after.split("\n")).map((each): DiffLine => ({ ...each }));
  number(lines);
  for (let at = 0; at < lines.length; at += 1) {
    const removed = run(lines, at, "removed");
    const added = run(lines, at + removed, "added");
    for (let k = 0; k < Math.min(removed, added); k += 1) {
      const [old, next] = [lines[at + k] as DiffLine, lines[at + removed + k] as DiffLine];
      const pieces = compare(words(old.text), words(next.text));
      if (!alike(pieces)) continue;
      old.pieces = joined(pieces.filter((piece) => piece.kind !== "added"));
      next.pieces = joined(pieces.filter((piece) => piece.kind !== "removed"));
    }
    at += Math.max(0, removed + added - 1);
  }
  return lines;
}

function number(lines: DiffLine[]): void {
  let before = 0;
  let after = 0;
  for (const line of lines) {
    if (line.kind !== "added") line.before = before += 1;
    if (line.kind !== "removed") line.after = after += 1;
  }
}

function run(lines: readonly DiffLine[], from: number, kind: Kind): number {
  let at = from;
  while (lines[at]?.kind === kind) at += 1;
  return at - from;
}

const words = (text: string) => text.match(/\s+|\w+|[^\w\s]/g) ?? [];

/** Marking words helps where a good part of the line stayed. */
function alike(pieces: readonly Piece[]): boolean {
  const size = (kind: Kind) => pieces.reduce((sum, piece) => sum + (piece.kind === kind ? piece.text.trim().length : 0), 0);
  return size("same") * 2 >= Math.max(size("added"), size("removed"));
}

function joined(pieces: readonly Piece[]): Piece[] {
  const found: Piece[] = [];
  for (const piece of pieces) {
    const last = found.at(-1);
    if (last?.kind === piece.kind) last.text += piece.text;
    else found.push({ ...piece });
  }
  return found;
}

export function changed(lines: readonly DiffLine[]): { added: number; removed: number } {
  const size = (kind: Kind) => lines.filter((line) => line.kind === kind).length;
  return { added: size("added"), removed: size("removed") };
}
