import { useState } from "react";
import { Button } from "~/ui/button";
import { Menu } from "~/ui/menu";

export interface ColumnGroup {
  title: string;
  columns: readonly { id: string; title: string }[];
}

interface Props {
  groups: readonly ColumnGroup[];
  columns: readonly string[];
  chosen: boolean;
  onChange: (ids: string[] | null) => void;
}

const SHOWN = 200;

/** Which columns there are. The choice is kept in the address and, for next time, in this browser. */
export function ColumnPicker({ groups, columns, chosen, onChange }: Props) {
  const [words, setWords] = useState("");
  const wanted = words.trim().toLowerCase();
  const shown = new Set(columns);
  const turn = (ids: readonly string[], on: boolean) => {
    const kept = columns.filter((id) => !ids.includes(id));
    onChange(on ? [...kept, ...ids] : kept);
  };
  return (
    <Menu label="Columns" icon="columns" panel align="end">
      {() => (
        <div className="picker">
          <div className="row">
            <input
              className="grow"
              type="search"
              aria-label="Find a column"
              placeholder="Find a column"
              value={words}
              onChange={(event) => setWords(event.target.value)}
            />
            <Button small blocked={!chosen && "These are the usual ones"} onClick={() => onChange(null)}>
              Reset
            </Button>
          </div>
          <div className="picker-groups">
            {groups.map(({ title, columns: all }) => {
              const found = all.filter((each) => each.title.toLowerCase().includes(wanted));
              if (found.length === 0) return null;
              const every = found.every(({ id }) => shown.has(id));
              return (
                <fieldset key={title}>
                  <legend className="row">
                    <span className="grow">{title}</span>
                    <Button small kind="ghost" onClick={() => turn(found.slice(0, SHOWN).map(({ id }) => id), !every)}>
                      {every ? "None" : "All"}
                    </Button>
                  </legend>
                  {found.slice(0, SHOWN).map(({ id, title: name }) => (
                    <label key={id} className="choice">
                      <input type="checkbox" checked={shown.has(id)} onChange={(event) => turn([id], event.target.checked)} />
                      <span className="ellipsis" title={name}>
                        {name}
                      </span>
                    </label>
                  ))}
                  {found.length > SHOWN && <p className="muted">{found.length - SHOWN} more: search for them</p>}
                </fieldset>
              );
            })}
          </div>
        </div>
      )}
    </Menu>
  );
}
