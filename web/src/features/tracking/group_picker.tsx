import { useState } from "react";
import { Menu, MenuItem } from "~/ui/menu";
import { splitColumn, titleOf } from "./columns";
import type { Keys } from "./flat";
import { groupField } from "./grouping";

const SHOWN = 40;

/** What runs are grouped by. */
export function GroupPicker({ keys, by, onChange }: { keys: Keys; by: string | undefined; onChange: (by: string | undefined) => void }) {
  const [words, setWords] = useState("");
  const wanted = words.trim().toLowerCase();
  const all = ["status", "user", ...keys.params.map((key) => `params.${key}`), ...keys.tags.map((key) => `tags.${key}`)].filter(groupField);
  const found = all.filter((id) => titleOf(id).toLowerCase().includes(wanted));
  return (
    <Menu label={<span className="view-label ellipsis">{by ? `By ${titleOf(by)}` : "Group"}</span>} name={by ? `Group: By ${titleOf(by)}` : "Group"} icon="layers" align="end" panel>
      {(close) => {
        const take = (next: string | undefined) => () => {
          close();
          onChange(next);
        };
        return (
          <>
            <input
              type="search"
              aria-label="Find what to group by"
              placeholder="Find a param or tag"
              value={words}
              onChange={(event) => setWords(event.target.value)}
            />
            <MenuItem chosen={by === undefined} onClick={take(undefined)}>
              No groups
            </MenuItem>
            {found.slice(0, SHOWN).map((id) => (
              <MenuItem key={id} chosen={id === by} onClick={take(id)}>
                {titleOf(id)} <span className="muted">{splitColumn(id).kind?.replace(/s$/, "")}</span>
              </MenuItem>
            ))}
            {found.length > SHOWN && <p className="menu-note">{found.length - SHOWN} more: search for them</p>}
          </>
        );
      }}
    </Menu>
  );
}
