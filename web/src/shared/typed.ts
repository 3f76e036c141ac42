import { useEffect, useRef, useState } from "react";
import { useDebounced } from "~/ui/bits";

/** The text of a field that stands in the address: what is typed goes there when it has settled, and what the address says comes here. */
export function useTyped(said: string | undefined, say: (text: string | undefined) => void): [string, (text: string) => void] {
  const [text, setText] = useState(said ?? "");
  const settled = useDebounced(text.trim());
  const told = useRef(said ?? "");
  const latest = useRef(say);
  latest.current = say;
  useEffect(() => {
    if (settled === told.current) return;
    told.current = settled;
    latest.current(settled || undefined);
  }, [settled]);
  useEffect(() => {
    if ((said ?? "") === told.current) return;
    told.current = said ?? "";
    setText(told.current);
  }, [said]);
  return [text, setText];
}
