import { useMemo, useState } from "react";
import type { Run } from "~/api/types";
import { Empty } from "~/ui/bits";
import { Dimension, Frame, heat, MARGIN, useOpen, useSize } from "./compare_plots";
import { contour, type Spot, surface } from "./contour";
import { axisOf, dimensions } from "./dimensions";

interface Props {
  runs: readonly Run[];
  x: string | undefined;
  y: string | undefined;
  z: string | undefined;
  onChange: (x: string, y: string, z: string) => void;
}

const WIDE = 72;
const TALL = 44;
const LEVELS = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

/** How a metric changes with two params, as far as these runs tell. */
export function ContourTab({ runs, x: chosenX, y: chosenY, z: chosenZ, onChange }: Props) {
  const all = useMemo(() => dimensions(runs), [runs]);
  const params = all.filter((id) => id.startsWith("params."));
  const xId = all.find((id) => id === chosenX) ?? params[0] ?? all[0];
  const yId = all.find((id) => id === chosenY) ?? params.find((id) => id !== xId) ?? all.find((id) => id !== xId);
  const zId = all.find((id) => id === chosenZ) ?? all.find((id) => id.startsWith("metrics.") && id !== xId && id !== yId);
  const axes = useMemo(() => (xId && yId && zId ? ([xId, yId, zId].map((id) => axisOf(id, runs)) as [Axis, Axis, Axis]) : null), [xId, yId, zId, runs]);
  const spots = useMemo(() => axes && spotsOf(runs, axes), [axes, runs]);
  const ground = useMemo(() => spots && surface(spots, WIDE, TALL), [spots]);
  const lines = useMemo(() => ground && LEVELS.map((level) => [level, contour(ground, level)] as const), [ground]);
  const [ref, size] = useSize();
  const [near, setNear] = useState<number | null>(null);
  const open = useOpen();
  if (!axes || !xId || !yId || !zId || !spots || !ground || !lines) return <Empty icon="chart" title="These runs differ in too little for a picture" />;
  const [across, up, high] = axes;
  const wide = size.width - MARGIN.left - MARGIN.right - 30;
  const tall = size.height - MARGIN.top - MARGIN.bottom - 24;
  const x = (place: number) => MARGIN.left + 30 + wide * place;
  const y = (place: number) => MARGIN.top + tall * (1 - place);
  return (
    <>
      <div className="toolbar">
        <span className="muted">Across</span> <Dimension all={all} id={xId} name="Horizontal axis" onChange={(id) => onChange(id, yId, zId)} />
        <span className="muted">Up</span> <Dimension all={all} id={yId} name="Vertical axis" onChange={(id) => onChange(xId, id, zId)} />
        <span className="muted">Colour</span> <Dimension all={all} id={zId} name="Colour" onChange={(id) => onChange(xId, yId, id)} />
        <span className="muted ellipsis">{near !== null && `${runs[near]?.info.run_name}: ${high.title} ${high.values[near]}`}</span>
      </div>
      <div className="plot" ref={ref}>
        {spots.length < 3 ? (
          <Empty icon="chart" title="Three runs with all of these are needed" />
        ) : (
          <svg width={size.width} height={size.height} role="img" aria-label={`${high.title} over ${across.title} and ${up.title}`}>
            {tall > 0 && (
              <>
                <g className="ground" shapeRendering="crispEdges">
                  {[...ground.heights].map((height, at) => {
                    const [column, row] = [at % WIDE, Math.floor(at / WIDE)];
                    return (
                      // Cells have no identity but their place.
                      // oxlint-disable-next-line react/no-array-index-key
                      <rect key={at} x={x(column / WIDE)} y={y((row + 1) / TALL)} width={wide / WIDE + 0.5} height={tall / TALL + 0.5} fill={heat(height)} />
                    );
                  })}
                </g>
                {lines.map(([level, pieces]) => (
                  <path key={level} className="level-line" d={pieces.map(([x1, y1, x2, y2]) => `M${x(x1).toFixed(1)},${y(y1).toFixed(1)}L${x(x2).toFixed(1)},${y(y2).toFixed(1)}`).join("")} />
                ))}
                <Frame across={across} up={up} x={x} y={y} />
                {spots.map((spot) => (
                  <circle
                    key={spot.run}
                    className={near === spot.run ? "spot near" : "spot"}
                    cx={x(spot.x)}
                    cy={y(spot.y)}
                    r={near === spot.run ? 8 : 5}
                    fill={heat(spot.z)}
                    onPointerEnter={() => setNear(spot.run)}
                    onPointerLeave={() => setNear(null)}
                    onClick={() => runs[spot.run] && open(runs[spot.run] as Run)}
                  />
                ))}
              </>
            )}
          </svg>
        )}
      </div>
      <p className="muted small compare-note">Between the runs the colour is a guess from those around; {high.title} goes from {high.ticks[0]?.text} (blue) to {high.ticks.at(-1)?.text} (yellow).</p>
    </>
  );
}

type Axis = ReturnType<typeof axisOf>;

function spotsOf(runs: readonly Run[], [across, up, high]: readonly [Axis, Axis, Axis]): (Spot & { run: number })[] {
  return runs.flatMap((_, run) => {
    const [x, y, z] = [across.places[run], up.places[run], high.places[run]];
    return x === undefined || y === undefined || z === undefined ? [] : [{ x, y, z, run }];
  });
}
