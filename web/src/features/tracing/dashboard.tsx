import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { type ReactNode, useMemo } from "react";
import { experiment as experimentQuery } from "~/api/experiments";
import { type MetricQuestion, traceMetrics } from "~/api/traces";
import type { DataPoint } from "~/api/trace_types";
import { duration, number } from "~/format";
import { paths } from "~/links";
import { LineChart, type Line as ChartLine } from "~/shared/charts/line_chart";
import { colorOf } from "~/shared/charts/colors";
import type { Aligned } from "~/shared/charts/series";
import { ExperimentHead } from "~/shared/experiment/head";
import { quoted } from "~/shared/filter/suggest";
import { Empty, Failure, Loading, useTitle } from "~/ui/bits";
import { LinkButton } from "~/ui/button";
import { messageOf } from "~/ui/toast";
import { axisOf, intervalFor, type Line, linesOf, pick } from "./buckets";
import { money } from "./facts";
import { FirstTrace } from "./first_trace";
import { TimeRange, useRange } from "~/shared/time_range";

const route = getRouteApi("/ml/experiments/$experimentId/overview");
const USUAL = "7d";
const HEIGHT = 190;

export function DashboardPage() {
  const { experimentId } = route.useParams();
  const experiment = useQuery(experimentQuery(experimentId));
  useTitle(experiment.data && `Overview of ${experiment.data.name}`);
  if (experiment.isPending) return <Loading />;
  if (experiment.isLoadingError) return <Failure error={experiment.error} retry={() => void experiment.refetch()} back={<LinkButton to={paths.experiments}>All experiments</LinkButton>} />;
  return (
    <div className="page fill">
      <ExperimentHead experiment={experiment.data} tab="overview" />
      <Dashboard experimentId={experimentId} name={experiment.data.name} />
    </div>
  );
}

function Dashboard({ experimentId, name }: { experimentId: string; name: string }) {
  const search = route.useSearch();
  const navigate = useNavigate({ from: paths.overview });
  const asked = search.from === undefined && search.to === undefined ? { range: search.range ?? USUAL } : search;
  const open = useRange(asked, true);
  const to = open.to ?? Math.ceil(Date.now() / 60_000) * 60_000;
  const from = open.from ?? to - 7 * 86_400_000;
  const stretch = useMemo(() => ({ from, to, interval: intervalFor(from, to) }), [from, to]);
  const one = { experiments: [experimentId], from, to } as const;
  const totals = useQuery(traceMetrics({ ...one, view: "TRACES", metric: "trace_count", of: ["COUNT"], by: ["trace_status"] }));
  const any = (totals.data ?? []).length > 0;
  return (
    <div className="scroll dashboard" tabIndex={0} role="region" aria-label="Overview">
      <div className="row dashboard-head">
        <p className="muted grow">Click a point to see its traces.</p>
        <TimeRange
          value={search}
          open="Last 7 days"
          usual={USUAL}
          onChange={(next) => void navigate({ search: (before) => ({ ...before, range: undefined, from: undefined, to: undefined, ...next }) })}
        />
      </div>
      {totals.isPending ? (
        <Loading />
      ) : totals.isLoadingError ? (
        <Failure error={totals.error} retry={() => void totals.refetch()} />
      ) : any ? (
        <>
          <Tiles one={one} totals={totals.data} />
          <Charts experimentId={experimentId} stretch={stretch} />
          <Names experimentId={experimentId} one={one} />
        </>
      ) : search.range || search.from ? (
        <Empty icon="gauge" title="No traces in this time" />
      ) : (
        <FirstTrace experiment={name} />
      )}
    </div>
  );
}

type One = Pick<MetricQuestion, "experiments" | "from" | "to">;

/** What the whole stretch comes to. */
function Tiles({ one, totals }: { one: One; totals: readonly DataPoint[] }) {
  const latency = useQuery(traceMetrics({ ...one, view: "TRACES", metric: "latency", of: [50, 95] })).data?.[0];
  const tokens = useQuery(traceMetrics({ ...one, view: "TRACES", metric: "total_tokens", of: ["SUM"] })).data?.[0];
  const cost = useQuery(traceMetrics({ ...one, view: "TRACES", metric: "total_cost", of: ["SUM"] })).data?.[0];
  const sessions = useQuery(traceMetrics({ ...one, view: "TRACES", metric: "session_count", of: ["COUNT"] })).data?.[0];
  const said = useQuery(traceMetrics({ ...one, view: "ASSESSMENTS", metric: "assessment_count", of: ["COUNT"] })).data?.[0];
  const all = totals.reduce((sum, each) => sum + (each.values.COUNT ?? 0), 0);
  const failed = totals.find((each) => each.dimensions.trace_status === "ERROR")?.values.COUNT ?? 0;
  const [p50, p95] = [pick(latency, "P50"), pick(latency, "P95")];
  return (
    <dl className="figures tiles-row">
      <Tile name="Traces">{number(all)}</Tile>
      <Tile name="Errors" bad={failed > 0}>
        {percent(all ? failed / all : 0)}
      </Tile>
      <Tile name="Latency p50">{p50 === undefined ? "–" : duration(p50)}</Tile>
      <Tile name="Latency p95">{p95 === undefined ? "–" : duration(p95)}</Tile>
      <Tile name="Tokens">{number(tokens?.values.SUM ?? 0)}</Tile>
      <Tile name="Cost">{money(cost?.values.SUM ?? 0)}</Tile>
      <Tile name="Sessions">{number(sessions?.values.COUNT ?? 0)}</Tile>
      <Tile name="Assessments">{number(said?.values.COUNT ?? 0)}</Tile>
    </dl>
  );
}

const percent = (share: number) => `${Number((share * 100).toPrecision(3))} %`;

function Tile({ name, bad, children }: { name: string; bad?: boolean; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className={bad ? "bad" : ""}>{children}</dd>
    </div>
  );
}

interface Stretch {
  from: number;
  to: number;
  interval: number;
}

const PERCENTILES = { P50: "#1fa187", P95: "#e1743a", P99: "#d64545" };

function Charts({ experimentId, stretch }: { experimentId: string; stretch: Stretch }) {
  const axis = useMemo(() => axisOf(stretch.from, stretch.to, stretch.interval), [stretch]);
  const one = { experiments: [experimentId], ...stretch };
  const counts = useQuery(traceMetrics({ ...one, view: "TRACES", metric: "trace_count", of: ["COUNT"], by: ["trace_status"] }));
  const latency = useQuery(traceMetrics({ ...one, view: "TRACES", metric: "latency", of: [50, 95, 99] }));
  const input = useQuery(traceMetrics({ ...one, view: "TRACES", metric: "input_tokens", of: ["SUM"] }));
  const output = useQuery(traceMetrics({ ...one, view: "TRACES", metric: "output_tokens", of: ["SUM"] }));
  const cost = useQuery(traceMetrics({ ...one, view: "TRACES", metric: "total_cost", of: ["SUM"] }));
  const quality = useQuery(traceMetrics({ ...one, view: "ASSESSMENTS", metric: "assessment_value", of: ["AVG"], by: ["assessment_name"] }));
  const byStatus = counts.data && linesOf(counts.data, axis, "trace_status", "COUNT", 0);
  const shares = byStatus && errorShare(byStatus, axis.length);
  const lineOf = (points: readonly DataPoint[] | undefined, value: string, empty: number | null) =>
    linesOf(points ?? [], axis, null, value, empty).get("") ?? axis.map(() => empty);
  const common = { axis, stretch, experimentId };
  return (
    <div className="chart-grid">
      <Chart {...common} title="Traces" query={counts} unit={number}
        lines={byStatus ? [
          { name: "all", color: "#7cc4b4", line: totalOf(byStatus, axis.length), bars: true },
          { name: "errors", color: "#d64545", line: byStatus.get("ERROR") ?? axis.map(() => 0), bars: true },
        ] : []} />
      <Chart {...common} title="Error rate" query={counts} unit={percent} filter="status = 'ERROR'"
        lines={shares ? [{ name: "errors", color: "#d64545", line: shares }] : []} />
      <Chart {...common} title="Latency" query={latency} unit={duration}
        lines={Object.entries(PERCENTILES).map(([name, color]) => ({ name: name.toLowerCase(), color, line: lineOf(latency.data, name, null) }))} />
      <Chart {...common} title="Tokens" query={input} unit={number}
        lines={[
          { name: "input", color: "#2e86de", line: lineOf(input.data, "SUM", 0) },
          { name: "output", color: "#8a68d8", line: lineOf(output.data, "SUM", 0) },
        ]} />
      <Chart {...common} title="Cost" query={cost} unit={money} lines={[{ name: "cost", color: "#c9a648", line: lineOf(cost.data, "SUM", 0), bars: true }]} />
      <Chart {...common} title="Assessments, mean" query={quality} unit={number}
        lines={[...linesOf(quality.data ?? [], axis, "assessment_name", "AVG", null)].map(([name, line]) => ({ name, color: colorOf(`assessment ${name}`), line }))} />
    </div>
  ); // prettier-ignore
}

function totalOf(byStatus: ReadonlyMap<string, Line>, length: number): number[] {
  return Array.from({ length }, (_, at) => [...byStatus.values()].reduce((sum, line) => sum + (line[at] ?? 0), 0));
}

function errorShare(byStatus: ReadonlyMap<string, Line>, length: number): Line {
  return totalOf(byStatus, length).map((all, at) => (all === 0 ? null : (byStatus.get("ERROR")?.[at] ?? 0) / all));
}

interface ChartProps {
  title: string;
  query: { isPending: boolean; isLoadingError: boolean; error: unknown };
  lines: readonly { name: string; color: string; line: Line; bars?: boolean }[];
  axis: readonly number[];
  unit: (value: number) => string;
  stretch: Stretch;
  experimentId: string;
  /** What the traces behind a point have in common, besides their time. */
  filter?: string;
}

function Chart({ title, query, lines, axis, unit, stretch, experimentId, filter }: ChartProps) {
  const navigate = useNavigate();
  const data = useMemo<Aligned>(() => [[...axis], ...lines.map((each) => each.line)], [axis, lines]);
  const drawn = useMemo<ChartLine[]>(() => lines.map(({ name, color, bars }) => ({ id: name, name, color, bars })), [lines]);
  const stretchOf = (seconds: number, until = seconds + stretch.interval) => ({ from: seconds * 1_000, to: until * 1_000 });
  const known = lines.some(({ line }) => line.some((value) => value !== null));
  return (
    <figure className="chart-card" aria-label={title}>
      <figcaption className="row">
        <span className="grow">{title}</span>
        {lines.length > 1 &&
          lines.slice(0, 5).map(({ name, color }) => (
            <span key={name} className="row legend">
              <span className="swatch" style={{ background: color }} />
              {name}
            </span>
          ))}
      </figcaption>
      <div className="chart-space short">
        {query.isLoadingError ? (
          <p className="chart-note bad">{messageOf(query.error)}</p>
        ) : query.isPending ? (
          <div className="chart-wait" style={{ height: HEIGHT }} />
        ) : known ? (
          <LineChart
            label={`${title} over time`}
            data={data}
            lines={drawn}
            x="time"
            log={false}
            height={HEIGHT}
            sync={`overview-${experimentId}`}
            unit={unit}
            fromZero
            onZoom={(range) => {
              if (range) void navigate({ to: paths.overview, params: { experimentId }, search: { ...stretchOf(Math.floor(range[0]), Math.ceil(range[1])) } });
            }}
            onPick={(at) => void navigate({ to: paths.traces, params: { experimentId }, search: { q: filter, ...stretchOf(at) } })}
          />
        ) : (
          <p className="chart-note muted">None</p>
        )}
      </div>
    </figure>
  );
}

/** The kinds of traces there were, the most frequent first. */
function Names({ experimentId, one }: { experimentId: string; one: One }) {
  const by = ["trace_name"];
  const counts = useQuery(traceMetrics({ ...one, view: "TRACES", metric: "trace_count", of: ["COUNT"], by: ["trace_name", "trace_status"] }));
  const latency = useQuery(traceMetrics({ ...one, view: "TRACES", metric: "latency", of: [50, 95], by }));
  const tokens = useQuery(traceMetrics({ ...one, view: "TRACES", metric: "total_tokens", of: ["SUM"], by }));
  const cost = useQuery(traceMetrics({ ...one, view: "TRACES", metric: "total_cost", of: ["SUM"], by }));
  const rows = useMemo(() => namesOf(counts.data ?? []), [counts.data]);
  if (rows.length === 0) return null;
  return (
    <section className="card" aria-label="By name">
      <h2>By name</h2>
      <div className="scroll-x">
        <table className="simple">
          <thead>
            <tr>
              <th scope="col">Trace</th>
              <th scope="col" className="numeric">Count</th>
              <th scope="col" className="numeric">Errors</th>
              <th scope="col" className="numeric">p50</th>
              <th scope="col" className="numeric">p95</th>
              <th scope="col" className="numeric">Tokens</th>
              <th scope="col" className="numeric">Cost</th>
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, 30).map(({ name, all, failed }) => {
              const [p50, p95] = [pick(named(latency.data, name), "P50"), pick(named(latency.data, name), "P95")];
              const spent = named(cost.data, name)?.values.SUM;
              const used = named(tokens.data, name)?.values.SUM;
              return (
                <tr key={name}>
                  <th scope="row">
                    <Link to={paths.traces} params={{ experimentId }} search={{ q: `name = ${quoted(name)}`, from: one.from, to: one.to }}>
                      {name}
                    </Link>
                  </th>
                  <td className="numeric">{number(all)}</td>
                  <td className={failed ? "numeric bad" : "numeric muted"}>{percent(failed / all)}</td>
                  <td className="numeric">{p50 === undefined ? "–" : duration(p50)}</td>
                  <td className="numeric">{p95 === undefined ? "–" : duration(p95)}</td>
                  <td className="numeric">{used === undefined ? "–" : number(used)}</td>
                  <td className="numeric">{spent === undefined ? "–" : money(spent)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function named(points: readonly DataPoint[] | undefined, name: string): DataPoint | undefined {
  return points?.find((each) => each.dimensions.trace_name === name);
}

function namesOf(points: readonly DataPoint[]): { name: string; all: number; failed: number }[] {
  const found = new Map<string, { name: string; all: number; failed: number }>();
  for (const point of points) {
    const name = point.dimensions.trace_name ?? "";
    const row = found.get(name) ?? { name, all: 0, failed: 0 };
    const n = point.values.COUNT ?? 0;
    row.all += n;
    if (point.dimensions.trace_status === "ERROR") row.failed += n;
    found.set(name, row);
  }
  return [...found.values()].toSorted((a, b) => b.all - a.all);
}
