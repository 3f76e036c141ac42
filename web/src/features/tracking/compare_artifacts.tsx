/** The files of several runs beside each other: which have which, and what differs in those of text. */

import { useQueries } from "@tanstack/react-query";
import { useMemo } from "react";
import { allFiles, fileText } from "~/api/artifacts";
import type { FileInfo, Run } from "~/api/types";
import { bytes } from "~/format";
import { colorOf } from "~/shared/charts/colors";
import { kindOf } from "~/shared/artifacts/kinds";
import Preview from "~/shared/artifacts/preview";
import { DiffView } from "~/shared/diff/diff_view";
import { Empty, Failure, Loading } from "~/ui/bits";
import { Menu, MenuItem } from "~/ui/menu";

interface Props {
  runs: readonly Run[];
  file: string | undefined;
  /** Which two of the runs are looked at, by their places. */
  pair: readonly [number, number];
  onChange: (change: { file?: string; pair?: string }) => void;
}

export function ArtifactsTab({ runs, file, pair, onChange }: Props) {
  const trees = useQueries({ queries: runs.map((run) => allFiles(run.info.run_id)) });
  const failed = trees.find((each) => each.isLoadingError);
  const versions = trees.map((each) => each.dataUpdatedAt).join(" ");
  const rows = useMemo(
    () => rowsOf(trees.map((each) => each.data ?? [])),
    // oxlint-disable-next-line react/exhaustive-deps -- `trees` is a new list at every turn
    [versions, runs],
  );
  if (failed) return <Failure error={failed.error} />;
  if (trees.some((each) => each.isPending)) return <Loading />;
  if (rows.length === 0) return <Empty icon="folder" title="None of these runs has files" />;
  const [left, right] = [runs[pair[0]], runs[pair[1]]];
  return (
    <div className="artifacts compare-files">
      <div className="scroll tree" tabIndex={0} role="region" aria-label="Files of the runs">
        <table className="data">
          <thead>
            <tr>
              <th scope="col">File</th>
              {runs.map(({ info }) => (
                <th key={info.run_id} scope="col" className="numeric" title={info.run_name}>
                  <span className="swatch" style={{ background: colorOf(info.run_id) }} /> <span className="sr-only">{info.run_name}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.path} className={row.path === file ? "current" : row.differs ? "differs" : ""}>
                <th scope="row">
                  <button type="button" className="link" aria-pressed={row.path === file} onClick={() => onChange({ file: row.path })}>
                    {row.path}
                  </button>
                </th>
                {row.sizes.map((size, at) => (
                  <td key={runs[at]?.info.run_id} className="numeric">
                    {size === undefined ? <span className="muted">–</span> : bytes(size)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <section className="preview" aria-label={file ?? "Comparison of files"}>
        {!file || !left || !right ? (
          <Empty icon="diff" title="Choose a file to compare it" />
        ) : (
          <>
            <header className="row preview-head wrap">
              <code className="ellipsis grow">{file}</code>
              <Which runs={runs} at={pair[0]} name="Before" onChange={(at) => onChange({ pair: `${at},${pair[1]}` })} />
              <Which runs={runs} at={pair[1]} name="After" onChange={(at) => onChange({ pair: `${pair[0]},${at}` })} />
            </header>
            <TwoFiles left={left} right={right} file={file} there={rows.find((row) => row.path === file)?.sizes ?? []} pair={pair} />
          </>
        )}
      </section>
    </div>
  );
}

function Which({ runs, at, name, onChange }: { runs: readonly Run[]; at: number; name: string; onChange: (at: number) => void }) {
  return (
    <Menu label={runs[at]?.info.run_name ?? ""} name={name} align="end" small>
      {(close) =>
        runs.map((run, place) => (
          <MenuItem key={run.info.run_id} chosen={place === at} onClick={() => (close(), onChange(place))}>
            {run.info.run_name}
          </MenuItem>
        ))
      }
    </Menu>
  );
}

const TEXTS = new Set(["text", "json", "markdown", "table", "html"]);
const LARGEST = 400_000; // bytes: more is nothing that somebody reads

interface TwoProps {
  left: Run;
  right: Run;
  file: string;
  there: readonly (number | undefined)[];
  pair: readonly [number, number];
}

function TwoFiles({ left, right, file, there, pair }: TwoProps) {
  const sizes = pair.map((at) => there[at]);
  if (sizes[0] === undefined && sizes[1] === undefined) return <Empty icon="file" title="Neither run has this file" />;
  if (sizes[0] === undefined || sizes[1] === undefined) {
    const only = sizes[0] === undefined ? right : left;
    return (
      <>
        <p className="muted small compare-note">Only {only.info.run_name} has it.</p>
        <Preview owner={{ run: only.info.run_id }} path={file} />
      </>
    );
  }
  if (TEXTS.has(kindOf(file)) && Math.max(...(sizes as number[])) <= LARGEST) return <TextDiff left={left} right={right} file={file} />;
  return (
    <div className="side-by-side">
      {[left, right].map((run) => (
        <figure key={run.info.run_id}>
          <figcaption className="muted small">{run.info.run_name}</figcaption>
          <Preview owner={{ run: run.info.run_id }} path={file} />
        </figure>
      ))}
    </div>
  );
}

function TextDiff({ left, right, file }: { left: Run; right: Run; file: string }) {
  const texts = useQueries({ queries: [left, right].map((run) => fileText({ run: run.info.run_id }, file)) });
  const [before, after] = texts;
  const failed = texts.find((each) => each.isLoadingError);
  if (failed) return <Failure error={failed.error} />;
  if (before?.data === undefined || after?.data === undefined) return <Loading />;
  const [old, now] = [tidied(file, before.data), tidied(file, after.data)];
  if (old === now) return <Empty icon="check" title="Both are the same" />;
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label="Differences">
      <DiffView before={old} after={now} label={`${left.info.run_name} → ${right.info.run_name}`} />
    </div>
  );
}

/** JSON is compared by what it says, not by how it is wrapped. */
function tidied(file: string, text: string): string {
  if (kindOf(file) !== "json") return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

interface Row {
  path: string;
  sizes: (number | undefined)[];
  differs: boolean;
}

function rowsOf(trees: readonly (readonly FileInfo[])[]): Row[] {
  const paths = [...new Set(trees.flatMap((tree) => tree.map((each) => each.path)))].toSorted((a, b) => a.localeCompare(b));
  const bySize = trees.map((tree) => new Map(tree.map((each) => [each.path, each.file_size ?? 0])));
  return paths.map((path) => {
    const sizes = bySize.map((tree) => tree.get(path));
    return { path, sizes, differs: new Set(sizes).size > 1 };
  });
}
