import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { experiment as experimentQuery } from "~/api/experiments";
import { sessionList, traceList } from "~/api/traces";
import type { TraceInfo } from "~/api/trace_types";
import { count, duration, number, splitName, time } from "~/format";
import { paths } from "~/links";
import { useExperimentAccess } from "~/shared/access/experiment_access";
import { PageHead } from "~/shared/page";
import { TraceStatus } from "~/shared/trace/brief";
import { Copy, Empty, Failure, Loading, useTitle } from "~/ui/bits";
import { Button, LinkButton } from "~/ui/button";
import { Menu } from "~/ui/menu";
import { Verdict } from "./assessments";
import { ofSession } from "./columns";
import { factsOf, isValid, money, readPreview } from "./facts";
import { Payload, ViewSwitch } from "./payload";

const route = getRouteApi("/ml/experiments/$experimentId/sessions/$sessionId");

/** A conversation, from its beginning: what was asked and answered in each of its traces. */
export function SessionPage() {
  const { experimentId, sessionId } = route.useParams();
  const experiment = useQuery(experimentQuery(experimentId));
  const filter = ofSession(sessionId);
  const asked = { experiments: [experimentId], filter, order: "" };
  const whole = useInfiniteQuery(sessionList(asked));
  const list = useInfiniteQuery(traceList({ ...asked, order: "timestamp_ms ASC" }));
  const traces = useMemo(() => list.data?.pages.flatMap((page) => page.traces) ?? [], [list.data]);
  useTitle(`Session ${sessionId}`);
  if (list.isPending) return <Loading />;
  if (list.isLoadingError) return <Failure error={list.error} retry={() => void list.refetch()} />;
  const session = whole.data?.pages[0]?.sessions[0];
  return (
    <div className="page fill">
      <PageHead
        crumbs={[
          { name: "Experiments", link: { to: paths.experiments } },
          { name: splitName(experiment.data?.name ?? experimentId).leaf, link: { to: paths.experiment, params: { experimentId } } },
          { name: "Sessions", link: { to: paths.sessions, params: { experimentId } } },
        ]}
        title={
          <>
            <h1 className="ellipsis">{sessionId}</h1>
            <Copy text={sessionId} label="Copy the session id" />
          </>
        }
        actions={
          <>
            <ViewSwitch />
            <LinkButton icon="table" to={paths.traces} params={{ experimentId }} search={{ q: filter }}>
              As a table
            </LinkButton>
            <Actions experimentId={experimentId} sessionId={sessionId} />
          </>
        }
      >
        {session && (
          <p className="muted">
            {count(session.trace_count, "trace")}
            {session.error_count > 0 && `, ${count(session.error_count, "error")}`} · {time(session.first_time_ms)} ·{" "}
            {duration(session.last_time_ms - session.first_time_ms)}
            {session.total_tokens !== undefined && ` · ${number(session.total_tokens)} tokens`}
            {session.total_cost !== undefined && ` · ${money(session.total_cost)}`}
            {session.user && ` · ${session.user}`}
          </p>
        )}
      </PageHead>
      {traces.length === 0 ? (
        <Empty icon="search" title="No traces in this session" />
      ) : (
        <div className="scroll session" tabIndex={0} role="region" aria-label="Conversation">
          {traces.map((trace) => (
            <Turn key={trace.trace_id} trace={trace} />
          ))}
          {list.hasNextPage && (
            <Button blocked={list.isFetchingNextPage && "Loading"} onClick={() => void list.fetchNextPage()}>
              More of this conversation
            </Button>
          )}
        </div>
      )}
    </div>
  );
}

function Actions({ experimentId, sessionId }: { experimentId: string; sessionId: string }) {
  const access = useExperimentAccess(experimentId, sessionId);
  return (
    <>
      <Menu label="" name="Actions for this session" icon="more" align="end">
        {access.item}
      </Menu>
      {access.dialog}
    </>
  );
}

function Turn({ trace }: { trace: TraceInfo }) {
  const facts = factsOf(trace);
  return (
    <article className="turn" aria-label={facts.name}>
      <header className="row wrap">
        <TraceStatus state={trace.state} plain />
        <Link
          to={paths.trace}
          params={{ experimentId: trace.trace_location.mlflow_experiment.experiment_id, traceId: trace.trace_id }}
          search={{}}
          className="strong"
        >
          {facts.name || trace.trace_id}
        </Link>
        <span className="muted small">
          {time(facts.start)}
          {facts.duration !== null && ` · ${duration(facts.duration)}`}
          {facts.cost !== null && ` · ${money(facts.cost)}`}
        </span>
        {(trace.assessments ?? []).filter(isValid).map((each) => (
          <Verdict key={each.assessment_id} assessment={each} />
        ))}
      </header>
      <div className="turn-said user">
        <Payload keyed={false} title="User" value={readPreview(trace.request_preview)} />
      </div>
      <div className="turn-said assistant">
        <Payload keyed={false} title="Assistant" value={readPreview(trace.response_preview)} />
      </div>
    </article>
  );
}
