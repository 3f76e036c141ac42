/* oxlint-disable react/no-array-index-key -- these lists are never reordered */
import { useMemo } from "react";
import { changed, diffLines } from "./diff";

const MARKS = { same: " ", added: "+", removed: "−" } as const;

/** Two texts, one under the other, with what went and what came. */
export function DiffView({ before, after, label }: { before: string; after: string; label: string }) {
  const lines = useMemo(() => diffLines(before, after), [before, after]);
  const { added, removed } = changed(lines);
  return (
    <figure className="diff" aria-label={label}>
      <figcaption className="row">
        <span className="grow">{label}</span>
        {added + removed === 0 ? (
          <span className="muted">No difference</span>
        ) : (
          <>
            <span className="ok">+{added}</span> <span className="bad">−{removed}</span>
          </>
        )}
      </figcaption>
      <div className="scroll-x" tabIndex={0} role="region" aria-label={`${label}, lines`}>
        <table className="diff-lines mono">
          <tbody>
            {lines.map((line, at) => (
              <tr key={at} className={line.kind}>
                <td className="diff-number">{line.before}</td>
                <td className="diff-number">{line.after}</td>
                <td className="diff-mark">
                  {MARKS[line.kind]}
                  {line.kind !== "same" && <span className="sr-only">{line.kind}</span>}
                </td>
                <td className="diff-text">
                  {line.pieces
                    ? line.pieces.map((piece, index) => (piece.kind === "same" ? piece.text : <mark key={index}>{piece.text}</mark>))
                    : line.text}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </figure>
  );
}
