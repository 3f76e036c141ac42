/** Where the objects of a lineage stand: what something was made from left of it, what was made from it to the right. Pure. */

import { type Lineage, type LineageObject, objectKey } from "~/api/lineage_types";

export interface Place {
  key: string;
  object: LineageObject;
  /** 0: the object asked for; before it negative. */
  column: number;
  row: number;
  /** There is more than is shown. */
  more: boolean;
}

export interface Edge {
  from: string;
  to: string;
  relation: string;
}

export interface Graph {
  places: Place[];
  edges: Edge[];
  columns: number[];
  rows: number;
}

/** From the root outwards: of each object that was looked at, its links away from the root. */
export function layout(root: LineageObject, known: ReadonlyMap<string, Lineage>): Graph {
  const places = new Map<string, Place>();
  const edges = new Map<string, Edge>();
  const heights = new Map<number, number>();
  const put = (object: LineageObject, column: number) => {
    const key = objectKey(object);
    const standing = places.get(key);
    if (standing) return standing;
    const row = heights.get(column) ?? 0;
    heights.set(column, row + 1);
    const place: Place = { key, object, column, row, more: false };
    places.set(key, place);
    return place;
  };
  const waiting = [put(root, 0)];
  for (let at = 0; at < waiting.length; at += 1) {
    const place = waiting[at] as Place;
    const found = known.get(place.key);
    if (!found) continue;
    place.object = { ...place.object, ...found.object };
    place.more = Boolean(found.next_page_token);
    for (const link of found.links) {
      const up = link.direction === "UPSTREAM";
      if (place.column !== 0 && up !== place.column < 0) continue; // back towards the root
      const before = places.size;
      const other = put(link.object, place.column + (up ? -1 : 1));
      const [from, to] = up ? [other.key, place.key] : [place.key, other.key];
      edges.set(`${from} ${to}`, { from, to, relation: link.relation });
      if (places.size > before) waiting.push(other);
    }
  }
  const columns = [...heights.keys()].toSorted((a, b) => a - b);
  return { places: [...places.values()], edges: [...edges.values()], columns, rows: Math.max(...heights.values()) };
}
