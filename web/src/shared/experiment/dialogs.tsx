import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { createExperiment, renameExperiment } from "~/api/experiments";
import type { Experiment } from "~/api/types";
import { paths } from "~/links";
import { FormDialog } from "~/ui/dialog";
import { messageOf, toast } from "~/ui/toast";

export function CreateExperiment({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const queries = useQueryClient();
  const navigate = useNavigate();
  const create = useMutation({
    mutationFn: () => createExperiment(name.trim()),
    onSuccess: async ({ experiment_id }) => {
      await queries.invalidateQueries({ queryKey: ["experiments"] });
      onClose();
      void navigate({ to: paths.experiment, params: { experimentId: experiment_id } });
    },
  });
  return (
    <FormDialog
      title="New experiment"
      action="Create"
      busy={create.isPending}
      error={create.error ? messageOf(create.error) : ""}
      onClose={onClose}
      onSubmit={() => create.mutate()}
    >
      <label>
        Name
        <input autoFocus required maxLength={500} value={name} onChange={(event) => setName(event.target.value)} />
        <span className="hint">
          A path such as <code>/Shared/team/model</code> works with clients in <code>databricks</code> mode too.
        </span>
      </label>
    </FormDialog>
  );
}

export function RenameExperiment({ experiment, onClose }: { experiment: Experiment; onClose: () => void }) {
  const [name, setName] = useState(experiment.name);
  const queries = useQueryClient();
  const rename = useMutation({
    mutationFn: () => renameExperiment(experiment.experiment_id, name.trim()),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["experiments"] });
      onClose();
      toast("Renamed", () => {
        void renameExperiment(experiment.experiment_id, experiment.name).then(() =>
          queries.invalidateQueries({ queryKey: ["experiments"] }),
        );
      });
    },
  });
  return (
    <FormDialog
      title="Rename experiment"
      action="Rename"
      busy={rename.isPending}
      error={rename.error ? messageOf(rename.error) : ""}
      onClose={onClose}
      onSubmit={() => rename.mutate()}
    >
      <label>
        Name
        <input autoFocus required maxLength={500} value={name} onChange={(event) => setName(event.target.value)} />
        <span className="hint">Scripts that call set_experiment with the old name will make a new experiment.</span>
      </label>
    </FormDialog>
  );
}
