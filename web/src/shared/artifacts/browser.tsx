/** The files of a run or a model: a tree that loads as it opens, and a look at the chosen file. */

import { useQuery } from "@tanstack/react-query";
import { lazy, type ReactNode, Suspense, useState } from "react";
import { download, files, type Owner } from "~/api/artifacts";
import type { FileInfo } from "~/api/types";
import { bytes } from "~/format";
import { Copy, Empty, Failure, Loading } from "~/ui/bits";
import { Button } from "~/ui/button";
import { Icon } from "~/ui/icons";
import { toastError } from "~/ui/toast";

const Preview = lazy(() => import("./preview"));

interface Props {
  owner: Owner;
  file: string | undefined;
  onFile: (path: string) => void;
  /** What stands there instead while there are no files. */
  empty?: ReactNode;
  /** What else can be done with the chosen file. */
  actions?: (path: string) => ReactNode;
}

export function ArtifactBrowser({ owner, file, onFile, empty, actions }: Props) {
  const top = useQuery(files(owner, ""));
  if (top.isPending) return <Loading />;
  if (top.isLoadingError) return <Failure error={top.error} retry={() => void top.refetch()} />;
  if (top.data.length === 0) {
    if (empty) return empty;
    return (
      <Empty icon="folder" title="No artifacts">
        <p className="muted">
          Files logged with <code>mlflow.log_artifact</code>, <code>log_figure</code>, <code>log_table</code> or <code>log_text</code> appear
          here.
        </p>
      </Empty>
    );
  }
  const chosen = file ?? firstFile(top.data);
  return (
    <div className="artifacts">
      <nav className="tree" aria-label="Artifacts">
        <Level owner={owner} entries={top.data} chosen={chosen} onFile={onFile} depth={0} />
      </nav>
      <section className="preview" aria-label={chosen ?? "Preview"}>
        {chosen ? (
          <>
            <header className="row preview-head">
              <Icon name="file" />
              <code className="ellipsis" title={chosen}>
                {chosen}
              </code>
              <Copy text={chosen} label="Copy the path" />
              <span className="grow" />
              <Button small icon="download" onClick={() => void download(owner, chosen).catch(toastError)}>
                Download
              </Button>
              {actions?.(chosen)}
            </header>
            <Suspense fallback={<Loading />}>
              <Preview key={chosen} owner={owner} path={chosen} />
            </Suspense>
          </>
        ) : (
          <Empty icon="file" title="Choose a file to see it" />
        )}
      </section>
    </div>
  );
}

function firstFile(entries: readonly FileInfo[]): string | undefined {
  return entries.find((entry) => !entry.is_dir)?.path;
}

interface LevelProps {
  owner: Owner;
  entries: readonly FileInfo[];
  chosen: string | undefined;
  onFile: (path: string) => void;
  depth: number;
}

const SHOWN = 500;

function Level({ owner, entries, chosen, onFile, depth }: LevelProps) {
  const [limit, setLimit] = useState(SHOWN);
  const sorted = entries.toSorted((a, b) => Number(b.is_dir) - Number(a.is_dir) || a.path.localeCompare(b.path, undefined, { numeric: true }));
  return (
    <ul>
      {sorted.slice(0, limit).map((entry) =>
        entry.is_dir ? (
          <Folder key={entry.path} owner={owner} path={entry.path} chosen={chosen} onFile={onFile} depth={depth} />
        ) : (
          <li key={entry.path}>
            <button
              type="button"
              className="tree-item"
              aria-current={entry.path === chosen}
              style={{ paddingLeft: 12 + depth * 14 + 16 }}
              onClick={() => onFile(entry.path)}
            >
              <Icon name="file" />
              <span className="ellipsis grow">{entry.path.split("/").pop()}</span>
              <span className="muted">{bytes(entry.file_size ?? 0)}</span>
            </button>
          </li>
        ),
      )}
      {sorted.length > limit && (
        <li>
          <Button small kind="ghost" onClick={() => setLimit(limit + SHOWN * 4)}>
            {sorted.length - limit} more
          </Button>
        </li>
      )}
    </ul>
  );
}

function Folder({ owner, path, chosen, onFile, depth }: Omit<LevelProps, "entries"> & { path: string }) {
  const [open, setOpen] = useState(chosen?.startsWith(`${path}/`) ?? false);
  const inside = useQuery({ ...files(owner, path), enabled: open });
  return (
    <li>
      <button
        type="button"
        className="tree-item"
        aria-expanded={open}
        style={{ paddingLeft: 12 + depth * 14 }}
        onClick={() => setOpen(!open)}
      >
        <Icon name={open ? "down" : "right"} size={12} />
        <Icon name="folder" />
        <span className="ellipsis">{path.split("/").pop()}</span>
      </button>
      {open && inside.isPending && <Loading rows={2} />}
      {open && inside.isLoadingError && <Failure error={inside.error} />}
      {open && inside.data && <Level owner={owner} entries={inside.data} chosen={chosen} onFile={onFile} depth={depth + 1} />}
    </li>
  );
}
