import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, useState } from "react";
import { experimentList } from "~/api/experiments";
import type { Experiment } from "~/api/types";
import { count, splitName, userTags } from "~/format";
import { paths } from "~/links";
import { useReadOnly } from "~/session";
import { useMayChange } from "~/shared/access/may";
import { Onboarding } from "~/shared/onboarding";
import { PageHead } from "~/shared/page";
import { Ago, Empty, Failure, Loading, Tag, useTitle } from "~/ui/bits";
import { Button } from "~/ui/button";
import { Icon } from "~/ui/icons";
import { Menu, MenuItem } from "~/ui/menu";
import { CreateExperiment, RenameExperiment } from "~/shared/experiment/dialogs";
import { useTrash } from "~/shared/experiment/trash";
import { useTyped } from "~/shared/typed";

const route = getRouteApi("/ml/experiments");
const ROW = 44;
const SORTS: Record<string, string> = {
  "last_update_time DESC": "Last changed",
  "creation_time DESC": "Newest",
  "name ASC": "Name",
};

export function ExperimentsPage() {
  const search = route.useSearch();
  const navigate = useNavigate({ from: paths.experiments });
  const readOnly = useReadOnly();
  const [text, setText] = useTyped(search.q, (q) => void navigate({ search: (before) => ({ ...before, q }), replace: true }));
  const words = search.q ?? "";
  const [creating, setCreating] = useState(false);
  useTitle("Experiments");

  const deleted = search.view === "deleted";
  const sort = search.sort && search.sort in SORTS ? search.sort : "last_update_time DESC";
  const list = useInfiniteQuery(experimentList(words, deleted ? "DELETED_ONLY" : "ACTIVE_ONLY", sort));
  const found = list.data?.pages.flatMap((page) => page.experiments) ?? [];

  return (
    <div className="page fill">
      <PageHead
        crumbs={[]}
        title={<h1>Experiments</h1>}
        actions={
          <Button icon="plus" kind="primary" blocked={readOnly} onClick={() => setCreating(true)}>
            New experiment
          </Button>
        }
      />
      <div className="toolbar">
        <div className="field grow">
          <Icon name="search" />
          <input
            type="search"
            aria-label="Search by name"
            placeholder="Search by name"
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
          <kbd>/</kbd>
        </div>
        <Menu label={SORTS[sort]} name="Order">
          {(close) =>
            Object.entries(SORTS).map(([order, word]) => (
              <MenuItem
                key={order}
                chosen={order === sort}
                onClick={() => {
                  close();
                  void navigate({ search: (before) => ({ ...before, sort: order }) });
                }}
              >
                {word}
              </MenuItem>
            ))
          }
        </Menu>
        <Button
          icon="trash"
          aria-pressed={deleted}
          onClick={() => void navigate({ search: (before) => ({ ...before, view: deleted ? undefined : "deleted" }) })}
        >
          Trash
        </Button>
      </div>
      {list.isPending ? (
        <Loading />
      ) : list.isLoadingError ? (
        <Failure error={list.error} retry={() => void list.refetch()} />
      ) : found.length === 0 ? (
        <NothingHere deleted={deleted} words={words} />
      ) : (
        <Rows found={found} more={list.hasNextPage} loading={list.isFetchingNextPage} onMore={() => void list.fetchNextPage()} />
      )}
      {creating && <CreateExperiment onClose={() => setCreating(false)} />}
    </div>
  );
}

function NothingHere({ deleted, words }: { deleted: boolean; words: string }) {
  if (words) return <Empty icon="search" title={`No ${deleted ? "deleted " : ""}experiment is called “${words}”`} />;
  if (deleted) return <Empty icon="trash" title="The trash is empty" />;
  return <Onboarding />;
}

interface RowsProps {
  found: Experiment[];
  more: boolean;
  loading: boolean;
  onMore: () => void;
}

function Rows({ found, more, loading, onMore }: RowsProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: found.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 12,
  });
  const items = rows.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (more && !loading && last > found.length - 40) onMore();
  }, [more, loading, last, found.length, onMore]);
  return (
    <>
      <div className="list" ref={scroller} role="table" aria-label="Experiments" aria-rowcount={found.length} tabIndex={0}>
        <div role="rowgroup">
          <div className="list-row list-head" role="row">
            <span role="columnheader">Name</span>
            <span role="columnheader">Tags</span>
            <span role="columnheader">Created</span>
            <span role="columnheader">Last changed</span>
            <span role="columnheader">
              <span className="sr-only">Actions</span>
            </span>
          </div>
        </div>
        <div role="rowgroup" style={{ height: rows.getTotalSize(), position: "relative" }}>
          {items.map((item) => {
            const each = found[item.index];
            return each && <Row key={each.experiment_id} experiment={each} index={item.index} start={item.start} />;
          })}
        </div>
      </div>
      <p className="foot muted" role="status">
        {count(found.length, "experiment")}
        {more && " so far"}
      </p>
    </>
  );
}

function Row({ experiment, index, start }: { experiment: Experiment; index: number; start: number }) {
  const { folder, leaf } = splitName(experiment.name);
  const tags = userTags(experiment.tags);
  return (
    <div className="list-row" role="row" aria-rowindex={index + 1} style={{ top: start }}>
      <span role="cell" className="ellipsis">
        <Link to={paths.experiment} params={{ experimentId: experiment.experiment_id }} title={experiment.name}>
          <span className="muted">{folder}</span>
          <b>{leaf}</b>
        </Link>
      </span>
      <span role="cell" className="row cut">
        {tags.slice(0, 3).map((tag) => (
          <Tag key={tag.key} name={tag.key} value={tag.value} />
        ))}
        {tags.length > 3 && <span className="muted">+{tags.length - 3}</span>}
      </span>
      <span role="cell" className="muted">
        <Ago ms={experiment.creation_time} />
      </span>
      <span role="cell" className="muted">
        <Ago ms={experiment.last_update_time} />
      </span>
      <span role="cell">
        <RowMenu experiment={experiment} />
      </span>
    </div>
  );
}

function RowMenu({ experiment }: { experiment: Experiment }) {
  const [renaming, setRenaming] = useState(false);
  return (
    <>
      <Menu label="" name={`Actions for ${experiment.name}`} icon="more" kind="ghost" small align="end">
        {(close) => (
          <RowActions
            experiment={experiment}
            close={close}
            onRename={() => {
              close();
              setRenaming(true);
            }}
          />
        )}
      </Menu>
      {renaming && <RenameExperiment experiment={experiment} onClose={() => setRenaming(false)} />}
    </>
  );
}

/** Only what is open asks who may. */
function RowActions({ experiment, close, onRename }: { experiment: Experiment; close: () => void; onRename: () => void }) {
  const blocked = useMayChange(experiment.experiment_id);
  const kept = useMayChange(experiment.experiment_id, "MANAGE");
  const { remove, restore } = useTrash(experiment);
  if (experiment.lifecycle_stage === "deleted") {
    return (
      <MenuItem icon="restore" blocked={kept} onClick={() => restore.mutate(undefined, { onSettled: close })}>
        Restore
      </MenuItem>
    );
  }
  return (
    <>
      <MenuItem icon="edit" blocked={blocked} onClick={onRename}>
        Rename
      </MenuItem>
      <MenuItem icon="trash" danger blocked={kept} onClick={() => remove.mutate(undefined, { onSettled: close })}>
        Move to trash
      </MenuItem>
    </>
  );
}
