import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { paths } from "~/links";
import { typing } from "~/ui/bits";
import { Dialog } from "~/ui/dialog";
import { isMac } from "./rail";

const PLACES: Record<string, [string, string]> = {
  h: ["Home", paths.home],
  e: ["Experiments", paths.experiments],
  t: ["Traces", paths.allTraces],
  m: ["Models", paths.registry],
  p: ["Prompts", paths.prompts],
  c: ["Catalog", paths.catalog],
  s: ["Settings", paths.settings],
};
const CHORD_MS = 1_200;

/** The first field of the page that looks for something. */
const searchField = () =>
  [...document.querySelectorAll<HTMLInputElement>("main input[role=combobox], main input[type=search]")].find((each) => each.offsetParent !== null);

/** What the rows of a plain table lead to; tables with a panel beside them have J and K of their own. */
function rowLinks(): HTMLElement[] {
  if (document.querySelector("main [role=grid], main [role=tree]")) return [];
  return [...document.querySelectorAll<HTMLElement>("main tbody tr")].flatMap((row) => row.querySelector<HTMLElement>("th a, td a, th button") ?? []);
}

/** Keys that work on every page; `?` tells of them all. */
export function PageKeys() {
  const navigate = useNavigate();
  const [told, setTold] = useState(false);
  const went = useRef(0);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || typing(event) || document.querySelector("dialog[open]")) return;
      const place = Date.now() - went.current < CHORD_MS ? PLACES[event.key] : undefined;
      went.current = event.key === "g" ? Date.now() : 0;
      if (place) {
        event.preventDefault();
        event.stopImmediatePropagation();
        void navigate({ to: place[1] });
      } else if (event.key === "?") setTold(true);
      else if (event.key === "/") {
        const field = searchField();
        if (field) event.preventDefault();
        field?.focus();
      } else if (event.key === "j" || event.key === "k") {
        const links = rowLinks();
        const at = links.indexOf(document.activeElement as HTMLElement);
        links[at < 0 ? 0 : Math.min(links.length - 1, Math.max(0, at + (event.key === "j" ? 1 : -1)))]?.focus();
      }
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [navigate]);
  return told ? <Told onClose={() => setTold(false)} /> : null;
}

function Told({ onClose }: { onClose: () => void }) {
  const rows: [string[], string][] = [
    [[isMac ? "⌘" : "Ctrl", "K"], "Find anything"],
    [["/"], "Search or filter this page"],
    [["J"], "The next row"],
    [["K"], "The row before"],
    [["Enter"], "Open it"],
    [["Esc"], "Close the panel or the dialog"],
    ...Object.entries(PLACES).map(([key, [name]]): [string[], string] => [["G", key.toUpperCase()], name]),
    [["?"], "These keys"],
  ];
  return (
    <Dialog title="Keys" onClose={onClose}>
      <div className="dialog-body">
        <dl className="keys-told">
          {rows.map(([keys, what]) => (
            <div key={what}>
              <dt>{what}</dt>
              <dd>
                {keys.map((each) => (
                  <kbd key={each}>{each}</kbd>
                ))}
              </dd>
            </div>
          ))}
        </dl>
      </div>
    </Dialog>
  );
}
