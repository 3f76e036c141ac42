import { useQuery } from "@tanstack/react-query";
import type { Float, Run } from "~/api/types";
import { number } from "~/format";
import { smallerIsBetter } from "./extreme_parts";
import { extremesOf } from "./extremes";

interface Props {
  run: Run;
  metric: string;
  which: "min" | "max" | "best";
  last: Float | undefined;
}

export function Extreme({ run, metric, which, last }: Props) {
  const found = useQuery(extremesOf(run.info.run_id, metric, last));
  if (last === undefined || found.data === null) return null;
  if (!found.data) return <span className="muted">{found.isError ? "?" : "…"}</span>;
  const least = which === "min" || (which === "best" && smallerIsBetter(metric));
  const value = least ? found.data.min : found.data.max;
  return <span title={`${String(value)}, the ${least ? "smallest" : "largest"} of ${found.data.points} values`}>{number(value, 5)}</span>;
}
