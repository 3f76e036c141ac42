/** Where a version came from: its LoggedModel, or its run, with their params and metrics. */

import { useQuery } from "@tanstack/react-query";
import { model as modelQuery } from "~/api/models";
import type { ModelVersion } from "~/api/registry";
import { run as runQuery } from "~/api/runs";
import type { Float, LoggedModel, Run } from "~/api/types";

export interface Origin {
  model: LoggedModel | undefined;
  run: Run | undefined;
  params: Map<string, string>;
  metrics: Map<string, Float>;
  loading: boolean;
}

export function useOrigin(version: ModelVersion): Origin {
  const model = useQuery({ ...modelQuery(version.model_id ?? ""), enabled: Boolean(version.model_id), retry: false });
  const runId = version.run_id || model.data?.info.source_run_id || "";
  const run = useQuery({ ...runQuery(runId), enabled: runId !== "", retry: false, refetchInterval: false });
  const own = model.data?.data;
  const params = own?.params.length ? own.params : (run.data?.data.params ?? []);
  const metrics = own?.metrics.length ? own.metrics : (run.data?.data.metrics ?? []);
  return {
    model: model.data,
    run: run.data,
    params: new Map(params.map((each) => [each.key, each.value])),
    metrics: new Map(
      metrics.map((each) => [each.dataset_name ? `${each.key} (${each.dataset_name})` : each.key, each.value] as const),
    ),
    loading: (Boolean(version.model_id) && model.isPending) || (runId !== "" && run.isPending),
  };
}
