import { useMutation, useQueryClient } from "@tanstack/react-query";
import { deleteExperiment, restoreExperiment } from "~/api/experiments";
import type { Experiment } from "~/api/types";
import { splitName } from "~/format";
import { toast, toastError } from "~/ui/toast";

/** Into the trash and out of it again, with the way back offered. */
export function useTrash(experiment: Experiment, done?: () => void) {
  const queries = useQueryClient();
  const changed = () => queries.invalidateQueries({ queryKey: ["experiments"] });
  const restore = useMutation({
    mutationFn: () => restoreExperiment(experiment.experiment_id),
    onSuccess: () => {
      toast(`${splitName(experiment.name).leaf} is back`);
      return changed();
    },
    onError: toastError,
  });
  const remove = useMutation({
    mutationFn: () => deleteExperiment(experiment.experiment_id),
    onSuccess: () => {
      toast(`${splitName(experiment.name).leaf} is in the trash`, () => restore.mutate());
      done?.();
      return changed();
    },
    onError: toastError,
  });
  return { remove, restore };
}
