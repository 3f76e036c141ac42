import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { Fragment, useCallback, useState } from "react";
import { auditLog, type AuditEvent } from "~/api/audit";
import { count, time } from "~/format";
import { paths } from "~/links";
import { JsonView } from "~/shared/json_view";
import { Earlier, PlainTable } from "~/shared/table/plain_table";
import { TimeRange, useRange } from "~/shared/time_range";
import { useTyped } from "~/shared/typed";
import { Empty, Failure, Loading } from "~/ui/bits";
import { Button, IconButton } from "~/ui/button";

const route = getRouteApi("/ml/settings");

/** What was done on the whole server, and what was refused. Administrators read it. */
export function Audit() {
  const search = route.useSearch();
  const navigate = useNavigate({ from: paths.settings });
  const set = useCallback((change: Partial<typeof search>) => void navigate({ search: (before) => ({ ...before, ...change }), replace: true }), [navigate]);
  const [who, setWho] = useTyped(search.who, (next) => set({ who: next }));
  const [what, setWhat] = useTyped(search.what, (next) => set({ what: next }));
  const { from, to } = useRange(search, false);
  const asked = { principal: search.who, action_name: search.what, denied: search.denied, start_time: from, end_time: to };
  const list = useInfiniteQuery({ ...auditLog(asked), placeholderData: keepPreviousData });
  const events = list.data?.pages.flatMap((page) => page.events) ?? [];
  return (
    <section className="card" aria-label="Audit log">
      <header className="row wrap">
        <h2 className="grow">Audit log</h2>
        <input className="slim" aria-label="Who" placeholder="Who" value={who} onChange={(event) => setWho(event.target.value)} />
        <input className="slim" aria-label="What" placeholder="What: createScope, …" value={what} onChange={(event) => setWhat(event.target.value)} />
        <TimeRange value={search} open="All time" onChange={(next) => set({ range: undefined, from: undefined, to: undefined, ...next })} />
        <Button aria-pressed={Boolean(search.denied)} onClick={() => set({ denied: search.denied ? undefined : true })}>
          Only refusals
        </Button>
      </header>
      {list.isPending ? (
        <Loading rows={8} />
      ) : list.isLoadingError ? (
        <Failure error={list.error} retry={() => void list.refetch()} />
      ) : events.length === 0 ? (
        <Empty icon="search" title="No such event" />
      ) : (
        <>
          <PlainTable look="simple audit" heads={["When", "Who", "What", "Answer", "From", { unseen: "More" }]}>
            {events.map((event) => (
              <Line key={event.event_id} event={event} />
            ))}
          </PlainTable>
          <Earlier text={count(events.length, "event")} list={list} />
        </>
      )}
    </section>
  );
}

function Line({ event }: { event: AuditEvent }) {
  const [open, setOpen] = useState(false);
  const refused = event.status_code >= 400;
  return (
    <Fragment>
      <tr>
        <td className="muted">{time(event.time)}</td>
        <td>{event.principal ?? <span className="muted">nobody known</span>}</td>
        <th scope="row">
          {event.action_name} <span className="muted small">{event.service_name}</span>
          {event.count > 1 && <span className="count">×{event.count}</span>}
        </th>
        <td>
          <span className={refused ? "status bad" : "status ok"}>
            <span className="dot" />
            {event.error_code ?? event.status_code}
          </span>
        </td>
        <td className="muted" title={event.user_agent ?? undefined}>
          {event.source_ip_address}
        </td>
        <td className="numeric">
          <IconButton small icon={open ? "up" : "down"} label={open ? "Less of this event" : "More of this event"} aria-expanded={open} onClick={() => setOpen(!open)} />
        </td>
      </tr>
      {open && (
        <tr>
          <td colSpan={6}>
            <JsonView value={{ source_ip_address: event.source_ip_address, request_id: event.request_id, workspace_id: event.workspace_id, user_agent: event.user_agent, ...event.request_params }} />
          </td>
        </tr>
      )}
    </Fragment>
  );
}
