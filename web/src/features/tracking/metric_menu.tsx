import { MenuItem } from "~/ui/menu";
import { columnOfMetric, metricColumn, WHICH, type Which } from "./columns";
import { smallerIsBetter } from "./extreme_parts";

const WORDS: Record<Which, string> = { last: "Last value", min: "Smallest value", max: "Largest value", best: "Best value" };

/** What a column of a metric shows of it. */
export function MetricMenu({ id, onChange }: { id: string; onChange: (id: string) => void }) {
  const metric = metricColumn(id);
  if (!metric) return null;
  return (
    <>
      {WHICH.map((which) => (
        <MenuItem key={which} chosen={which === metric.which} onClick={() => onChange(columnOfMetric(metric.key, which))}>
          {WORDS[which]}
          {which === "best" && <span className="muted"> {smallerIsBetter(metric.key) ? "(smallest)" : "(largest)"}</span>}
        </MenuItem>
      ))}
      <hr />
    </>
  );
}
