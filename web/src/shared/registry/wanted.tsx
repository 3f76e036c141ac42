import { useEffect } from "react";

interface Numbered {
  version: string;
}

/** The version that the address names, which may stand further back than what is loaded; the newest if it names none. */
export function useWanted<V extends Numbered>(versions: readonly V[], wanted: string | undefined, more: (() => void) | null): { chosen: V | undefined; missing: boolean } {
  const found = versions.find((each) => each.version === wanted);
  const further = wanted !== undefined && !found && more !== null;
  useEffect(() => {
    if (further) more();
  }, [further, more, versions.length]);
  return { chosen: found ?? versions[0], missing: wanted !== undefined && !found && !further };
}

export function NoSuchVersion({ wanted, shown }: { wanted: string; shown: string }) {
  return (
    <p className="notice" role="status">
      There is no version {wanted}. This is version {shown}, the newest.
    </p>
  );
}
