/** JSON that opens and closes. Only what is open is drawn, so that large values cost nothing. */

import { useState } from "react";
import type { Json } from "~/api/trace_types";
import { Button } from "~/ui/button";
import { Icon } from "~/ui/icons";

const SHOWN = 100;
const LONG = 2_000;
const OPEN_BELOW = 2;
const OPEN_SIZE = 24;
const SMALL = 80; // values; what has fewer is open altogether

export function JsonView({ value }: { value: Json }) {
  const deep = sizeOf(value, SMALL) < SMALL ? Number.POSITIVE_INFINITY : OPEN_BELOW;
  return (
    <div className="json mono">
      <Node value={value} depth={0} deep={deep} />
    </div>
  );
}

/** How many values there are, counted no further than `most`. */
function sizeOf(value: Json, most: number): number {
  if (typeof value !== "object" || value === null) return 1;
  let size = 1;
  for (const each of Array.isArray(value) ? value : Object.values(value)) {
    if (size >= most) break;
    size += sizeOf(each, most - size);
  }
  return size;
}

interface NodeProps {
  name?: string;
  value: Json;
  depth: number;
  /** Above which depth everything begins open. */
  deep: number;
}

function Node({ name, value, depth, deep }: NodeProps) {
  if (typeof value !== "object" || value === null) return <Leaf name={name} value={value} />;
  const entries: [string, Json][] = Array.isArray(value) ? value.map((each, at) => [String(at), each]) : Object.entries(value);
  return <Branch name={name} entries={entries} list={Array.isArray(value)} depth={depth} deep={deep} />;
}

interface BranchProps extends Omit<NodeProps, "value"> {
  entries: [string, Json][];
  list: boolean;
}

function Branch({ name, entries, list, depth, deep }: BranchProps) {
  const [open, setOpen] = useState(depth < deep && (deep > OPEN_BELOW || entries.length <= OPEN_SIZE));
  const [most, setMost] = useState(SHOWN);
  const size = list ? `[${entries.length}]` : `{${entries.length}}`;
  const label = (
    <>
      {name !== undefined && <span className="json-key">{name}</span>}
      <span className="json-size">{size}</span>
    </>
  );
  if (entries.length === 0) return <div className="json-line">{label}</div>;
  return (
    <div className="json-branch">
      <button type="button" className="json-line json-toggle" aria-expanded={open} onClick={() => setOpen(!open)}>
        <Icon name={open ? "down" : "right"} size={10} />
        {label}
      </button>
      {open && (
        <div className="json-children">
          {entries.slice(0, most).map(([key, each]) => (
            <Node key={key} name={key} value={each} depth={depth + 1} deep={deep} />
          ))}
          {entries.length > most && (
            <Button small kind="ghost" onClick={() => setMost(most * 10)}>
              {entries.length - most} more
            </Button>
          )}
        </div>
      )}
    </div>
  );
}

function Leaf({ name, value }: { name?: string; value: string | number | boolean | null }) {
  const [whole, setWhole] = useState(false);
  const kind = value === null ? "null" : typeof value;
  const text = typeof value === "string" ? value : String(value);
  const cut = !whole && text.length > LONG;
  return (
    <div className="json-line">
      {name !== undefined && <span className="json-key">{name}</span>}
      <span className={`json-${kind}`}>{cut ? `${text.slice(0, LONG)}…` : text}</span>
      {cut && (
        <Button small kind="ghost" onClick={() => setWhole(true)}>
          {(text.length - LONG).toLocaleString("en-US")} characters more
        </Button>
      )}
    </div>
  );
}
