import { Failure, Loading } from "~/ui/bits";
import { IconButton } from "~/ui/button";

interface Props {
  label: string;
  wide?: boolean;
  /** Why it cannot be shown; until then it is on its way. */
  error: unknown;
  onClose: () => void;
}

/** The panel beside a table, before it knows what it is to show. */
export function PeekWaiting({ label, wide, error, onClose }: Props) {
  return (
    <aside className={wide ? "peek wide" : "peek"} aria-label={label}>
      <header className="peek-head row">
        <span className="grow" />
        <IconButton small icon="close" label="Close" onClick={onClose} />
      </header>
      {error ? <Failure error={error} /> : <Loading />}
    </aside>
  );
}
