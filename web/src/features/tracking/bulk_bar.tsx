import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { deleteRuns, MAX_HISTORY_RUNS, restoreRuns, tagRuns } from "~/api/runs";
import type { Run } from "~/api/types";
import { count } from "~/format";
import { paths } from "~/links";
import { useReadOnly } from "~/session";
import { Button, IconButton } from "~/ui/button";
import { FormDialog } from "~/ui/dialog";
import { messageOf, toast, toastError } from "~/ui/toast";

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
  const readOnly = useReadOnly();
  const [tagging, setTagging] = useState(false);
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
          <Button small icon="tag" blocked={readOnly} onClick={() => setTagging(true)}>
            Tag
          </Button>
          <Button small icon="trash" kind="danger" blocked={readOnly} onClick={() => remove.mutate(ids)}>
            Delete
          </Button>
        </>
      )}
      <IconButton small icon="close" label="Clear the selection" onClick={onDone} />
      {tagging && <TagRuns ids={ids} onClose={() => setTagging(false)} />}
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

function TagRuns({ ids, onClose }: { ids: readonly string[]; onClose: () => void }) {
  const [key, setKey] = useState("");
  const [value, setValue] = useState("");
  const queries = useQueryClient();
  const tag = useMutation({
    mutationFn: () => tagRuns(ids, key.trim(), value.trim()),
    onSuccess: () => {
      toast(`${count(ids.length, "run")} tagged ${key.trim()}`);
      onClose();
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["runs"] }),
  });
  return (
    <FormDialog
      title={`Tag ${count(ids.length, "run")}`}
      action="Tag"
      busy={tag.isPending}
      error={tag.error ? messageOf(tag.error) : ""}
      onClose={onClose}
      onSubmit={() => tag.mutate()}
    >
      <label>
        Name
        <input autoFocus required maxLength={250} value={key} onChange={(event) => setKey(event.target.value)} />
      </label>
      <label>
        Value
        <input value={value} onChange={(event) => setValue(event.target.value)} />
      </label>
    </FormDialog>
  );
}
