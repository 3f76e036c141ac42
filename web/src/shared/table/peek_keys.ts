import { useEffect } from "react";
import { typing } from "~/ui/bits";

/** J and K go through the rows beside the panel, Escape closes it. */
export function usePeekKeys(ids: readonly string[], current: string | undefined, go: (id: string | undefined) => void): void {
  useEffect(() => {
    const key = (event: KeyboardEvent) => {
      if (typing(event)) return;
      const step = event.key === "j" ? 1 : event.key === "k" ? -1 : 0;
      if (step) {
        const at = current === undefined ? -1 : ids.indexOf(current);
        const next = ids[at < 0 ? 0 : Math.min(ids.length - 1, Math.max(0, at + step))];
        if (next) go(next);
      } else if (event.key === "Escape" && current) go(undefined);
    };
    document.addEventListener("keydown", key);
    return () => document.removeEventListener("keydown", key);
  });
}
