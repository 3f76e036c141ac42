import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { experiment as experimentQuery } from "~/api/experiments";
import { paths } from "~/links";
import { ExperimentHead } from "~/shared/experiment/head";
import { encodeList } from "~/shared/table/lists";
import { applied, stateOf } from "~/shared/views/state";
import { ViewsMenu } from "~/shared/views/views_menu";
import { Failure, Loading, useTitle } from "~/ui/bits";
import { LinkButton } from "~/ui/button";
import { type ListSearch, TraceList } from "./trace_list";

const route = getRouteApi("/ml/experiments/$experimentId/traces");
/** What of the address a saved view keeps. */
const VIEW = ["q", "sort", "cols", "pins", "range", "from", "to"];

export function TracesPage() {
  const { experimentId } = route.useParams();
  const experiment = useQuery(experimentQuery(experimentId));
  useTitle(experiment.data && `Traces of ${experiment.data.name}`);
  if (experiment.isPending) return <Loading />;
  if (experiment.isLoadingError) return <Failure error={experiment.error} retry={() => void experiment.refetch()} back={<LinkButton to={paths.experiments}>All experiments</LinkButton>} />;
  return (
    <div className="page fill">
      <ExperimentHead experiment={experiment.data} tab="traces" />
      <Traces key={experimentId} experimentId={experimentId} name={experiment.data.name} />
    </div>
  );
}

function Traces({ experimentId, name }: { experimentId: string; name: string }) {
  const search = route.useSearch();
  const navigate = useNavigate({ from: paths.traces });
  const experiments = useMemo(() => [experimentId], [experimentId]);
  const set = useCallback(
    (change: ListSearch, replace = true) => void navigate({ search: (before) => ({ ...before, ...change }), replace }),
    [navigate],
  );
  return (
    <TraceList
      experiments={experiments}
      name={name}
      search={search}
      set={set}
      tools={(columns) => (
        <ViewsMenu
          experimentId={experimentId}
          table="traces"
          state={stateOf({ ...search, cols: encodeList(columns) }, VIEW)}
          saved={search.saved}
          onTake={(view) => void navigate({ search: (before) => applied(before, VIEW, view) })}
        />
      )}
    />
  );
}
