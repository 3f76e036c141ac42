import { useCallback, useState } from "react";
import { useSession } from "~/session";

/** What somebody is writing, kept in this browser tab: a reload, a way round or an expired session does not lose it. */
export function useDraft<T>(name: string, first: T): [T, (value: T) => void, () => void] {
  const { who } = useSession();
  const key = draftKey(who.name, name);
  const begun = JSON.stringify(first);
  const [value, setValue] = useState<T>(() => kept<T>(key) ?? first);
  const write = useCallback(
    (next: T) => {
      setValue(next);
      const text = JSON.stringify(next);
      if (text === begun) sessionStorage.removeItem(key);
      else sessionStorage.setItem(key, text);
    },
    [key, begun],
  );
  const forget = useCallback(() => sessionStorage.removeItem(key), [key]);
  return [value, write, forget];
}

export function useHasDraft(name: string): boolean {
  const { who } = useSession();
  return sessionStorage.getItem(draftKey(who.name, name)) !== null;
}

const draftKey = (who: string, name: string) => `lakeward.draft ${who} ${name}`;

function kept<T>(key: string): T | undefined {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? "") as T;
  } catch {
    return undefined;
  }
}
