import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { ApiError } from "~/api/client";
import { experiment as experimentQuery } from "~/api/experiments";
import { sessionList } from "~/api/traces";
import type { Session } from "~/api/trace_types";
import { count, duration, number } from "~/format";
import { paths } from "~/links";
import { ExperimentHead } from "~/shared/experiment/head";
import { FilterBar } from "~/shared/filter/filter_bar";
import { pattern } from "~/api/run_filter";
import { briefly } from "~/shared/trace/brief";
import { Ago, Empty, Failure, Loading, Snippet, useTitle } from "~/ui/bits";
import { Button, LinkButton } from "~/ui/button";
import { keysOf } from "./columns";
import { money } from "./facts";
import { TimeRange, useRange } from "~/shared/time_range";
import { traceVocabulary } from "./vocabulary";

const route = getRouteApi("/ml/experiments/$experimentId/sessions");
const WORDS = traceVocabulary([], keysOf([]));
const COMPARES = /(<=|>=|!=|[<>=]|\b(like|ilike|in|is)\b)/i;

export function SessionsPage() {
  const { experimentId } = route.useParams();
  const search = route.useSearch();
  const navigate = useNavigate({ from: paths.sessions });
  const experiment = useQuery(experimentQuery(experimentId));
  const range = useRange(search, false);
  // Words alone are looked for in the sessions' names: their texts are in spans, which this list does not read.
  const q = search.q?.trim() ?? "";
  const filter = !q || COMPARES.test(q) ? q : `metadata.\`mlflow.trace.session\` ILIKE ${pattern(q)}`;
  const list = useInfiniteQuery(sessionList({ experiments: [experimentId], filter, order: "", ...range }));
  const sessions = useMemo(() => list.data?.pages.flatMap((page) => page.sessions) ?? [], [list.data]);
  useTitle(experiment.data && `Sessions of ${experiment.data.name}`);
  if (experiment.isPending) return <Loading />;
  if (experiment.isLoadingError) return <Failure error={experiment.error} retry={() => void experiment.refetch()} back={<LinkButton to={paths.experiments}>All experiments</LinkButton>} />;
  const refused = list.error instanceof ApiError && list.error.status === 400 ? list.error.message : "";
  return (
    <div className="page fill">
      <ExperimentHead experiment={experiment.data} tab="sessions" />
      <div className="toolbar">
        <FilterBar
          value={search.q ?? ""}
          onChange={(next) => void navigate({ search: (before) => ({ ...before, q: next || undefined }) })}
          words={WORDS}
          error={refused}
          placeholder="status = 'ERROR', tags.team = 'web', or a session's name"
        />
        <TimeRange
          value={search}
          open="All time"
          onChange={(next) => void navigate({ search: (before) => ({ ...before, range: undefined, from: undefined, to: undefined, ...next }) })}
        />
      </div>
      {list.isPending ? (
        <Loading />
      ) : list.isLoadingError && !refused ? (
        <Failure error={list.error} retry={() => void list.refetch()} />
      ) : sessions.length === 0 ? (
        <NoSessions asked={Boolean(q || range.from || range.to)} />
      ) : (
        <>
          <div className="scroll" tabIndex={0} role="region" aria-label="Sessions">
            <table className="data">
              <thead>
                <tr>
                  <th scope="col">Session</th>
                  <th scope="col">Last</th>
                  <th scope="col" className="numeric">Traces</th>
                  <th scope="col" className="numeric">Errors</th>
                  <th scope="col">First request</th>
                  <th scope="col">Last response</th>
                  <th scope="col" className="numeric">Length</th>
                  <th scope="col" className="numeric">Tokens</th>
                  <th scope="col" className="numeric">Cost</th>
                  <th scope="col">User</th>
                </tr>
              </thead>
              <tbody>
                {sessions.map((session) => (
                  <Line key={session.session_id} session={session} />
                ))}
              </tbody>
            </table>
            {list.hasNextPage && (
              <p className="preview-more">
                <Button blocked={list.isFetchingNextPage && "Loading"} onClick={() => void list.fetchNextPage()}>
                  More sessions
                </Button>
              </p>
            )}
          </div>
          <p className="foot muted" role="status">
            {count(sessions.length, "session")}
            {list.hasNextPage && " so far"}
          </p>
        </>
      )}
    </div>
  );
}

function Line({ session }: { session: Session }) {
  const place = { experimentId: session.experiment_id, sessionId: session.session_id };
  return (
    <tr>
      <th scope="row">
        <Link to={paths.session} params={place} search={{}}>
          {session.session_id}
        </Link>
      </th>
      <td className="muted">
        <Ago ms={session.last_time_ms} />
      </td>
      <td className="numeric">{number(session.trace_count)}</td>
      <td className={session.error_count ? "numeric bad" : "numeric muted"}>{session.error_count}</td>
      <td title={session.first_request_preview}>{briefly(session.first_request_preview)}</td>
      <td title={session.last_response_preview}>{briefly(session.last_response_preview)}</td>
      <td className="numeric">{session.last_time_ms > session.first_time_ms ? duration(session.last_time_ms - session.first_time_ms) : "–"}</td>
      <td className="numeric">{session.total_tokens === undefined ? "" : number(session.total_tokens)}</td>
      <td className="numeric">{session.total_cost === undefined ? "" : money(session.total_cost)}</td>
      <td className="muted">{session.user}</td>
    </tr>
  );
}

function NoSessions({ asked }: { asked: boolean }) {
  if (asked) return <Empty icon="search" title="No session fits this filter" />;
  return (
    <section className="onboarding" aria-label="Make a session">
      <h2>No sessions yet</h2>
      <p className="muted">Traces that carry the same session id make one conversation.</p>
      <Snippet
        label="Python"
        code={`import mlflow\n\n@mlflow.trace\ndef chat(message: str, user: str, session: str) -> str:\n    mlflow.update_current_trace(\n        metadata={"mlflow.trace.user": user, "mlflow.trace.session": session}\n    )\n    ...\n`}
      />
    </section>
  );
}
