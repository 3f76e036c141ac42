import { Button } from "~/ui/button";
import { Icon } from "~/ui/icons";
import { Menu, MenuItem } from "~/ui/menu";
import type { XAxis } from "./series";

/** How charts are drawn; lives in the address. */
export interface Look {
  x?: XAxis;
  smooth?: number;
  log?: true;
}

interface Props {
  look: Look;
  onLook: (change: Look) => void;
  words: string;
  onWords: (words: string) => void;
}

const AXES: Record<XAxis, string> = { step: "Step", relative: "Time since start", time: "Time of day" };

export function ChartToolbar({ look, onLook, words, onWords }: Props) {
  const x = look.x ?? "step";
  const weight = look.smooth ?? 0;
  return (
    <div className="toolbar chart-toolbar">
      <div className="field">
        <Icon name="search" />
        <input
          type="search"
          aria-label="Find a metric"
          placeholder="Find a metric"
          value={words}
          onChange={(event) => onWords(event.target.value)}
        />
      </div>
      <span className="grow" />
      <label className="row slider">
        Smoothing
        <input
          type="range"
          min={0}
          max={0.99}
          step={0.01}
          value={weight}
          onChange={(event) => onLook({ smooth: Number(event.target.value) || undefined })}
        />
        <output>{weight.toFixed(2)}</output>
      </label>
      <Menu label={AXES[x]} name="Horizontal axis" align="end">
        {(close) =>
          (Object.keys(AXES) as XAxis[]).map((each) => (
            <MenuItem
              key={each}
              chosen={each === x}
              onClick={() => {
                onLook({ x: each === "step" ? undefined : each });
                close();
              }}
            >
              {AXES[each]}
            </MenuItem>
          ))
        }
      </Menu>
      <Button aria-pressed={Boolean(look.log)} onClick={() => onLook({ log: look.log ? undefined : true })}>
        Log scale
      </Button>
    </div>
  );
}
