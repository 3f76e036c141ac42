import { useMemo, useState, useSyncExternalStore } from "react";
import { Button } from "~/ui/button";
import { Menu, MenuItem } from "~/ui/menu";

/** A stretch of time in an address: so long until now, or from and to in epoch milliseconds. */
export interface RangeSearch {
  range?: string;
  from?: number;
  to?: number;
}

const MINUTE = 60_000;
export const RANGES: readonly { id: string; name: string; ms: number }[] = [
  { id: "1h", name: "Last hour", ms: 60 * MINUTE },
  { id: "24h", name: "Last 24 hours", ms: 24 * 60 * MINUTE },
  { id: "7d", name: "Last 7 days", ms: 7 * 24 * 60 * MINUTE },
  { id: "30d", name: "Last 30 days", ms: 30 * 24 * 60 * MINUTE },
  { id: "90d", name: "Last 90 days", ms: 90 * 24 * 60 * MINUTE },
];

/** The minute it is, told again when the next one begins. */
function useMinute(): number {
  return useSyncExternalStore(
    (listener) => {
      const timer = setInterval(listener, 15_000);
      return () => clearInterval(timer);
    },
    () => Math.floor(Date.now() / MINUTE) * MINUTE,
  );
}

/** Where it begins and ends; both open if nothing is said. A range until now moves on with the minutes if `moving`. */
export function useRange({ range, from, to }: RangeSearch, moving: boolean): { from?: number; to?: number } {
  const minute = useMinute();
  const now = moving ? minute : 0;
  return useMemo(() => {
    const known = RANGES.find((each) => each.id === range);
    if (known) return { from: Math.floor((now || Date.now()) / MINUTE) * MINUTE - known.ms, to: moving ? now + MINUTE : undefined };
    return { from, to };
  }, [range, from, to, now, moving]);
}

const short = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });

function nameOf({ range, from, to }: RangeSearch, open: string): string {
  const known = RANGES.find((each) => each.id === range);
  if (known) return known.name;
  if (from === undefined && to === undefined) return open;
  return `${from === undefined ? "…" : short.format(from)} – ${to === undefined ? "now" : short.format(to)}`;
}

/** For `datetime-local`, which knows no zone. */
function local(ms: number | undefined): string {
  if (ms === undefined) return "";
  const date = new Date(ms);
  return new Date(ms - date.getTimezoneOffset() * MINUTE).toISOString().slice(0, 16);
}

interface Props {
  value: RangeSearch;
  onChange: (next: RangeSearch) => void;
  /** What no range at all is called. */
  open: string;
  /** The range that stands for none. */
  usual?: string;
}

export function TimeRange({ value, onChange, open, usual }: Props) {
  const [from, setFrom] = useState(local(value.from));
  const [to, setTo] = useState(local(value.to));
  const chosen = value.range ?? (value.from === undefined && value.to === undefined ? usual : undefined);
  return (
    <Menu label={nameOf({ ...value, range: chosen }, open)} name="Time" icon="clock" align="end" panel>
      {(close) => (
        <div className="range-menu">
          {usual === undefined && (
            <MenuItem chosen={chosen === undefined && value.from === undefined} onClick={() => (onChange({}), close())}>
              {open}
            </MenuItem>
          )}
          {RANGES.map((each) => (
            <MenuItem key={each.id} chosen={each.id === chosen} onClick={() => (onChange({ range: each.id === usual ? undefined : each.id }), close())}>
              {each.name}
            </MenuItem>
          ))}
          <form
            className="range-form"
            onSubmit={(event) => {
              event.preventDefault();
              onChange({ from: from ? new Date(from).getTime() : undefined, to: to ? new Date(to).getTime() : undefined });
              close();
            }}
          >
            <label>
              From
              <input type="datetime-local" value={from} onChange={(event) => setFrom(event.target.value)} />
            </label>
            <label>
              To
              <input type="datetime-local" value={to} onChange={(event) => setTo(event.target.value)} />
            </label>
            <Button small type="submit" kind="primary" blocked={!from && !to && "Choose a beginning or an end"}>
              Apply
            </Button>
          </form>
        </div>
      )}
    </Menu>
  );
}
