/** How the server packs the points of metrics: see its `draw_curves`. Pure. */

/** Points of one metric of one run, by step. */
export interface Curve {
  run: string;
  /** Epoch milliseconds. */
  times: Float64Array;
  steps: Float64Array;
  values: Float64Array;
}

/** The curves of each metric, without copying a number. */
export function unpacked(answer: ArrayBuffer, runs: readonly string[], keys: number): Curve[][] {
  const length = new DataView(answer).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(answer, 4, length))) as [number, number, number][];
  const byKey: Curve[][] = Array.from({ length: keys }, () => []);
  let at = 4 + length;
  for (const [run, key, points] of head) {
    const column = (nth: number) => new Float64Array(answer, at + nth * 8 * points, points);
    byKey[key]?.push({ run: runs[run] as string, times: column(0), steps: column(1), values: column(2) });
    at += 24 * points;
  }
  return byKey;
}
