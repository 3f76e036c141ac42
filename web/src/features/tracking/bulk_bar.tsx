import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { deleteRuns, MAX_HISTORY_RUNS, MAX_MOVED, restoreRuns, tagRuns } from "~/api/runs";
import type { Run } from "~/api/types";
import { count } from "~/format";
import { paths } from "~/links";
import { useMayChange } from "~/shared/access/may";
import { Button, IconButton } from "~/ui/button";
import { TagDialog } from "~/ui/tag_dialog";
import { toast, toastError } from "~/ui/toast";
import { MoveRuns } from "./move_runs";

interface Props {
  experimentId: string;
  runs: readonly Run[];
  deleted: boolean;
  onDone: () => void;
}

/** What can be done with the selected runs. */
export function BulkBar({ experimentId, runs, deleted, onDone }: Props) {
  const ids = runs.map((run) => run.info.run_id);
  const navigate = useNavigate();
  const readOnly = useMayChange(experimentId);
  const queries = useQueryClient();
  const [asking, setAsking] = useState<"tag" | "move" | null>(null);
  const { remove, restore } = useRunTrash(onDone);
  const compare = () =>
    void navigate({ to: paths.compare, params: { experimentId }, search: { runs: ids.slice(0, MAX_HISTORY_RUNS).join(",") } });
  return (
    <div className="bulk" role="toolbar" aria-label="Selected runs">
      <b>{count(runs.length, "run")} selected</b>
      <Button small icon="compare" kind="primary" blocked={runs.length < 2 && "Select at least two runs"} onClick={compare}>
        Compare
      </Button>
      {deleted ? (
        <Button small icon="restore" blocked={readOnly} onClick={() => restore.mutate(ids)}>
          Restore
        </Button>
      ) : (
        <>
          <Button small icon="tag" blocked={readOnly} onClick={() => setAsking("tag")}>
            Tag
          </Button>
          <Button
            small
            icon="move"
            blocked={readOnly || (runs.length > MAX_MOVED && `At most ${MAX_MOVED} runs at once`)}
            onClick={() => setAsking("move")}
          >
            Move
          </Button>
          <Button small icon="trash" kind="danger" blocked={readOnly} onClick={() => remove.mutate(ids)}>
            Delete
          </Button>
        </>
      )}
      <IconButton small icon="close" label="Clear the selection" onClick={onDone} />
      {asking === "tag" && (
        <TagDialog
          what={count(ids.length, "run")}
          tag={(key, value) => tagRuns(ids, key, value)}
          changed={() => void queries.invalidateQueries({ queryKey: ["runs"] })}
          onClose={() => setAsking(null)}
        />
      )}
      {asking === "move" && <MoveRuns from={experimentId} ids={ids} onClose={() => setAsking(null)} onDone={onDone} />}
    </div>
  );
}

/** Runs into the trash and out of it, with the way back offered. */
export function useRunTrash(done?: () => void) {
  const queries = useQueryClient();
  const changed = () => queries.invalidateQueries({ queryKey: ["runs"] });
  const restore = useMutation({
    mutationFn: (ids: readonly string[]) => restoreRuns(ids),
    onSuccess: (_, ids) => {
      toast(`${count(ids.length, "run")} restored`);
      done?.();
    },
    onError: toastError,
    onSettled: changed,
  });
  const remove = useMutation({
    mutationFn: (ids: readonly string[]) => deleteRuns(ids),
    onSuccess: (_, ids) => {
      toast(`${count(ids.length, "run")} deleted`, () => restore.mutate(ids));
      done?.();
    },
    onError: toastError,
    onSettled: changed,
  });
  return { remove, restore };
}
