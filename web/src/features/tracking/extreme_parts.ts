/** Which requests cover the cells that want extremes of metrics, and which extreme is the best one. Pure. */

const MOST_RUNS = 100;
const MOST_KEYS = 20;

/** Requests of some runs and some keys that together cover what was asked. */
export function parts<T extends { run: string; key: string }>(asked: readonly T[]): { runs: string[]; keys: string[]; asked: T[] }[] {
  const keys = [...new Set(asked.map((each) => each.key))];
  const runs = [...new Set(asked.map((each) => each.run))];
  const found = [];
  for (let k = 0; k < keys.length; k += MOST_KEYS) {
    for (let r = 0; r < runs.length; r += MOST_RUNS) {
      const [someRuns, someKeys] = [runs.slice(r, r + MOST_RUNS), keys.slice(k, k + MOST_KEYS)];
      const inside = asked.filter((each) => someRuns.includes(each.run) && someKeys.includes(each.key));
      if (inside.length > 0) found.push({ runs: someRuns, keys: someKeys, asked: inside });
    }
  }
  return found;
}

const SMALLER = new Set("loss losses error errors err mae mse rmse mape wer cer nll perplexity ppl latency duration seconds ms time cost divergence regret".split(" "));

/** Of losses, errors and times the best is the smallest, of anything else the largest. */
export function smallerIsBetter(key: string): boolean {
  return key
    .replaceAll(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .some((word) => SMALLER.has(word));
}
