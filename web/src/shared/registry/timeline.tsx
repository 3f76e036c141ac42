import type { ModelVersion } from "~/api/registry";
import { firstLine } from "~/format";
import { Ago } from "~/ui/bits";
import { Button } from "~/ui/button";
import { AliasPill } from "./aliases";

interface Props {
  versions: readonly ModelVersion[];
  chosen: string | undefined;
  against: string | undefined;
  onChoose: (version: string) => void;
  more: (() => void) | null;
}

/** Every version, the newest first, with who made it and what points at it. */
export function Timeline({ versions, chosen, against, onChoose, more }: Props) {
  return (
    <nav className="timeline" aria-label="Versions">
      <ol>
        {versions.map((each) => (
          <li key={each.version} className={each.aliases.length ? "marked" : ""}>
            <button type="button" aria-current={each.version === chosen ? "true" : undefined} onClick={() => onChoose(each.version)}>
              <span className="row">
                <b className="grow">Version {each.version}</b>
                {each.version === against && <span className="pill">compared</span>}
                {each.current_stage && each.current_stage !== "None" && <span className="pill">{each.current_stage}</span>}
              </span>
              {each.aliases.length > 0 && (
                <span className="row wrap">
                  {each.aliases.map((alias) => (
                    <AliasPill key={alias} alias={alias} />
                  ))}
                </span>
              )}
              {each.description && <span className="small ellipsis">{firstLine(each.description)}</span>}
              <span className="muted small">
                <Ago ms={each.creation_timestamp} /> {each.user_id && `by ${each.user_id}`}
              </span>
            </button>
          </li>
        ))}
      </ol>
      {more && (
        <Button small onClick={more}>
          Older versions
        </Button>
      )}
    </nav>
  );
}
