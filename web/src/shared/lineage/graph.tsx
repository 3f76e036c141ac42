/** What an object was made from and what was made from it, as a graph that opens outwards. */

import { useQueries } from "@tanstack/react-query";
import { Link, type LinkProps } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { lineageOf } from "~/api/lineage";
import { type LineageKind, type LineageObject, objectKey } from "~/api/lineage_types";
import { paths } from "~/links";
import { Ago, Failure, Loading } from "~/ui/bits";
import { Button } from "~/ui/button";
import { Icon, type IconName } from "~/ui/icons";
import { layout, type Place } from "./layout";

const WIDE = 224;
const TALL = 62;
const ACROSS = 84;
const DOWN = 14;
const HEAD = 26;

const KINDS: Record<LineageKind, { name: string; icon: IconName }> = {
  DATASET: { name: "Data set", icon: "table" },
  RUN: { name: "Run", icon: "flask" },
  LOGGED_MODEL: { name: "Model", icon: "cube" },
  MODEL_VERSION: { name: "Model version", icon: "layers" },
  PROMPT_VERSION: { name: "Prompt version", icon: "prompt" },
  TRACE: { name: "Trace", icon: "trace" },
};
const RELATIONS: Record<string, string> = { READ: "read by", USED: "used by", MADE: "made", REGISTERED: "registered as", COPIED: "copied to" };

export function LineageGraph({ object }: { object: LineageObject }) {
  const [opened, setOpened] = useState<readonly LineageObject[]>([]);
  const asked = [object, ...opened];
  const found = useQueries({ queries: asked.map((each) => lineageOf(each)) });
  const versions = found.map((each) => each.dataUpdatedAt).join(" ");
  const graph = useMemo(
    () => layout(object, new Map(asked.flatMap((each, at) => (found[at]?.data ? [[objectKey(each), found[at].data] as const] : [])))),
    // oxlint-disable-next-line react/exhaustive-deps -- `asked` and `found` are new lists at every turn
    [objectKey(object), opened, versions],
  );
  const [first] = found;
  if (first?.isPending) return <Loading rows={5} />;
  if (first?.isLoadingError) return <Failure error={first.error} retry={() => void first.refetch()} />;
  const left = (place: Place) => (place.column - (graph.columns[0] ?? 0)) * (WIDE + ACROSS);
  const top = (place: Place) => HEAD + place.row * (TALL + DOWN);
  const byKey = new Map(graph.places.map((place) => [place.key, place]));
  const looked = new Set(asked.map(objectKey));
  const size = { width: graph.columns.length * (WIDE + ACROSS) - ACROSS, height: HEAD + graph.rows * (TALL + DOWN) };
  return (
    <div className="scroll lineage" tabIndex={0} role="region" aria-label="Lineage">
      {graph.places.length === 1 && <p className="muted">Nothing is known that it was made from, or that was made from it.</p>}
      <div className="lineage-space" style={size}>
        <svg width={size.width} height={size.height} aria-hidden="true">
          {graph.edges.map(({ from, to, relation }) => {
            const [a, b] = [byKey.get(from), byKey.get(to)];
            if (!a || !b) return null;
            const [x1, y1, x2, y2] = [left(a) + WIDE, top(a) + TALL / 2, left(b), top(b) + TALL / 2];
            const bend = ACROSS / 2;
            return (
              <g key={`${from} ${to}`}>
                <path d={`M${x1},${y1} C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2},${y2}`} />
                {a.row === b.row && (
                  <text x={(x1 + x2) / 2} y={(y1 + y2) / 2 - 5} textAnchor="middle">
                    {RELATIONS[relation] ?? relation.toLowerCase()}
                  </text>
                )}
              </g>
            );
          })}
        </svg>
        {graph.columns.length > 1 && graph.columns.map((column) => (
          <p key={column} className="muted small lineage-column" style={{ left: (column - (graph.columns[0] ?? 0)) * (WIDE + ACROSS), width: WIDE }}>
            {column === 0 ? "This" : column < 0 ? "Made from" : "Made from it"}
          </p>
        ))}
        <ul aria-label="Objects">
          {graph.places.map((place) => (
            <li key={place.key} className={place.column === 0 ? "lineage-node here" : "lineage-node"} style={{ left: left(place), top: top(place), width: WIDE, height: TALL }}>
              <Node place={place} />
              {!looked.has(place.key) && (
                <Button
                  small
                  kind="ghost"
                  icon={place.column < 0 ? "left" : "right"}
                  className="only-icon"
                  aria-label={`Go on from ${nameOf(place.object)}`}
                  title={place.column < 0 ? "What this was made from" : "What was made from this"}
                  onClick={() => setOpened([...opened, place.object])}
                />
              )}
            </li>
          ))}
        </ul>
      </div>
      {graph.places.some((place) => place.more) && <p className="muted">There is more than is shown here; the API has all of it.</p>}
    </div>
  );
}

function Node({ place: { object, column } }: { place: Place }) {
  const { name, icon } = KINDS[object.kind];
  const link = column === 0 ? null : linkOf(object);
  return (
    <span className="lineage-text">
      <span className="muted small row">
        <Icon name={icon} size={12} /> {name}
        {object.deleted && <span className="bad-text">deleted</span>}
        {object.timestamp ? <Ago ms={object.timestamp} /> : null}
      </span>
      {link && !object.deleted ? (
        <Link {...link} className="ellipsis" title={nameOf(object)}>
          {nameOf(object)}
        </Link>
      ) : (
        <b className="ellipsis" title={nameOf(object)}>
          {nameOf(object)}
        </b>
      )}
    </span>
  );
}

function nameOf({ kind, id = "", name, version, digest }: LineageObject): string {
  if (kind === "MODEL_VERSION" || kind === "PROMPT_VERSION") return `${name} ${version}`;
  if (kind === "DATASET") return `${name} (${digest})`;
  return name || id;
}

function linkOf({ kind, id = "", name = "", version, experiment_id: experimentId = "" }: LineageObject): LinkProps | null {
  switch (kind) {
    case "RUN":
      return { to: paths.run, params: { experimentId, runId: id }, search: {} };
    case "LOGGED_MODEL":
      return { to: paths.model, params: { experimentId, modelId: id }, search: {} };
    case "TRACE":
      return { to: paths.trace, params: { experimentId, traceId: id }, search: {} };
    case "MODEL_VERSION":
      return { to: paths.registered, params: { name }, search: { version } };
    case "PROMPT_VERSION":
      return { to: paths.prompt, params: { name }, search: { version } };
    default:
      return null;
  }
}
