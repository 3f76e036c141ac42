/** Charts of many metrics, grouped by the prefix of their names. Only those in sight are drawn and asked for. */

import { type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { Empty } from "~/ui/bits";
import { groupByPrefix } from "./series";
import { ChartToolbar, type Look } from "./toolbar";

interface Props {
  keys: readonly string[];
  look: Look;
  onLook: (change: Look) => void;
  chart: (key: string) => ReactNode;
  /** Metrics that have one value and need no chart: what to show of them. */
  figures?: ReadonlyMap<string, string>;
  aside?: ReactNode;
}

const NO_FIGURES: ReadonlyMap<string, string> = new Map();

export function ChartGrid({ keys, look, onLook, chart, figures = NO_FIGURES, aside }: Props) {
  const [words, setWords] = useState("");
  const wanted = words.trim().toLowerCase();
  const groups = useMemo(
    () => groupByPrefix(wanted ? keys.filter((key) => key.toLowerCase().includes(wanted)) : keys),
    [keys, wanted],
  );
  return (
    <div className="charts">
      <ChartToolbar look={look} onLook={onLook} words={words} onWords={setWords} />
      <div className="charts-body">
        {aside}
        <div className="scroll charts-scroll" tabIndex={0} role="region" aria-label="Charts">
          {groups.length === 0 && <Empty icon="chart" title={wanted ? "No metric has that name" : "No metrics were logged"} />}
          {groups.map(([prefix, members]) => {
            const title = (key: string) => key.slice(prefix ? prefix.length + 1 : 0);
            const [single, drawn] = [members.filter((key) => figures.has(key)), members.filter((key) => !figures.has(key))];
            return (
              <section key={prefix} className="chart-group" aria-label={prefix || "Metrics"}>
                {(prefix || groups.length > 1) && (
                  <h2>
                    {prefix || "Metrics"} <span className="count">{members.length}</span>
                  </h2>
                )}
                {single.length > 0 && (
                  <dl className="figures tiles-row">
                    {single.map((key) => (
                      <div key={key} title={key}>
                        <dt className="ellipsis">{title(key)}</dt>
                        <dd>{figures.get(key)}</dd>
                      </div>
                    ))}
                  </dl>
                )}
                <div className="chart-grid">
                  {drawn.map((key) => (
                    <Card key={key} title={title(key)} full={key}>
                      {() => chart(key)}
                    </Card>
                  ))}
                </div>
              </section>
            );
          })}
        </div>
      </div>
    </div>
  );
}

const MARGIN = "300px";

function Card({ title, full, children }: { title: string; full: string; children: () => ReactNode }) {
  const ref = useRef<HTMLElement>(null);
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    const card = ref.current;
    if (!card) return;
    const observer = new IntersectionObserver(([entry]) => setSeen(entry?.isIntersecting ?? false), { rootMargin: MARGIN });
    observer.observe(card);
    return () => observer.disconnect();
  }, []);
  return (
    <figure className="chart-card" ref={ref} aria-label={full}>
      <figcaption className="ellipsis" title={full}>
        {title}
      </figcaption>
      <div className="chart-space">{seen && children()}</div>
    </figure>
  );
}
