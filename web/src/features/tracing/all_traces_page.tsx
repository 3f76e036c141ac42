import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { searchExperiments } from "~/api/experiments";
import { paths } from "~/links";
import { PageHead } from "~/shared/page";
import { Failure, Loading, useTitle } from "~/ui/bits";
import { DEFAULT_COLUMNS } from "./columns";
import { type ListSearch, TraceList } from "./trace_list";

const route = getRouteApi("/ml/traces");
const MOST = 100;
const COLUMNS = ["time", "name", "experiment", ...DEFAULT_COLUMNS.filter((id) => id !== "time" && id !== "name")];

/** The traces of all experiments in which something happened lately. */
export function AllTracesPage() {
  const search = route.useSearch();
  const navigate = useNavigate({ from: paths.allTraces });
  useTitle("Traces");
  const found = useQuery({
    queryKey: ["experiments", "for traces"],
    queryFn: ({ signal }) => searchExperiments({ order: "last_update_time DESC", limit: MOST }, signal),
    staleTime: 60_000,
  });
  const ids = found.data?.experiments.map((each) => each.experiment_id).join(" ");
  const experiments = useMemo(() => (ids ?? "").split(" ").filter(Boolean), [ids]);
  const set = useCallback(
    (change: ListSearch, replace = true) => void navigate({ search: (before) => ({ ...before, ...change }), replace }),
    [navigate],
  );
  return (
    <div className="page fill">
      <PageHead crumbs={[]} title={<h1>Traces</h1>}>
        <p className="muted">
          {found.data?.next_page_token ? `Of the ${MOST} experiments that were changed last; each experiment has a list of its own.` : "Of all experiments; each has a list of its own."}
        </p>
      </PageHead>
      {found.isPending ? (
        <Loading rows={14} />
      ) : found.isLoadingError ? (
        <Failure error={found.error} retry={() => void found.refetch()} />
      ) : (
        <TraceList experiments={experiments} name="my-app" search={search} set={set} usual={COLUMNS} kept="lakeward.all-trace-columns" />
      )}
    </div>
  );
}
