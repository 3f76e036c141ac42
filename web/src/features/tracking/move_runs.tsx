import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { searchExperiments } from "~/api/experiments";
import { moveRuns } from "~/api/runs";
import type { Experiment } from "~/api/types";
import { count, splitName } from "~/format";
import { useDebounced } from "~/ui/bits";
import { FormDialog } from "~/ui/dialog";
import { messageOf, toast, toastError } from "~/ui/toast";

const SHOWN = 8;

interface Props {
  from: string;
  ids: readonly string[];
  onClose: () => void;
  onDone?: () => void;
}

/** Runs into another experiment, and back by the toast. */
export function MoveRuns({ from, ids, onClose, onDone }: Props) {
  const [text, setText] = useState("");
  const [target, setTarget] = useState<Experiment | null>(null);
  const queries = useQueryClient();
  const asked = useDebounced(text.trim());
  const found = useQuery({
    queryKey: ["experiments", "to move to", asked],
    queryFn: ({ signal }) => searchExperiments({ text: asked, order: "last_update_time DESC", limit: SHOWN + 1 }, signal),
  });
  const places = (found.data?.experiments ?? []).filter((each) => each.experiment_id !== from).slice(0, SHOWN);
  const changed = () => Promise.all(["runs", "models", "experiments"].map((key) => queries.invalidateQueries({ queryKey: [key] })));
  const move = useMutation({
    mutationFn: (to: Experiment) => moveRuns(ids, to.experiment_id),
    onSuccess: async (_, to) => {
      toast(`${count(ids.length, "run")} moved to ${splitName(to.name).leaf}`, () => void moveRuns(ids, from).then(changed, toastError));
      onDone?.();
      onClose();
      await changed();
    },
  });
  return (
    <FormDialog
      title={`Move ${count(ids.length, "run")}`}
      action="Move"
      busy={move.isPending}
      blocked={!target && "Choose an experiment first"}
      error={move.error ? messageOf(move.error) : ""}
      onClose={onClose}
      onSubmit={() => target && move.mutate(target)}
    >
      <label>
        To experiment
        <input
          autoFocus
          autoComplete="off"
          placeholder="Part of its name"
          value={text}
          onChange={(event) => (setText(event.target.value), setTarget(null))}
        />
      </label>
      <fieldset className="choices">
        <legend className="sr-only">Experiments</legend>
        {places.map((each) => {
          const { folder, leaf } = splitName(each.name);
          return (
            <label key={each.experiment_id} className="choice">
              <input type="radio" name="target" checked={target?.experiment_id === each.experiment_id} onChange={() => setTarget(each)} />
              <span className="ellipsis">
                {folder && <span className="muted">{folder}</span>}
                {leaf}
              </span>
            </label>
          );
        })}
        {places.length === 0 && <p className="muted none">{found.isPending ? "Looking…" : "No other experiment has this in its name"}</p>}
      </fieldset>
      <p className="hint">Models that the runs made go along. Files keep their addresses, and traces stay in the experiment they were sent to.</p>
    </FormDialog>
  );
}
