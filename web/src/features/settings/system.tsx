import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { health, metricsText, systemFacts, type Worker } from "~/api/system";
import { bytes, duration, number, time } from "~/format";
import { useSession } from "~/session";
import { Ago, Failure, Loading, Snippet } from "~/ui/bits";
import { Icon } from "~/ui/icons";
import { callsOf } from "./exposition";

const WORDS: Record<string, string> = { database: "Database", objects: "Object store" };

/** Whether the server is well, and to administrators how it is made up, how full, and how busy. */
export function System() {
  const { who } = useSession();
  return (
    <div className="stack">
      <Checks />
      {who.is_admin ? (
        <>
          <Facts />
          <Busiest />
        </>
      ) : (
        <p className="muted">Administrators of the server also see how full it is, and how busy.</p>
      )}
      <section className="card" aria-label="A closer look">
        <h2>A closer look</h2>
        <Snippet label="On the server's machine" code={"lakeward doctor   # database, objects, disk, keys, versions, and what to do"} />
      </section>
    </div>
  );
}

function Checks() {
  const found = useQuery(health);
  return (
    <section className="card" aria-label="Health">
      <header className="row">
        <h2 className="grow">Health</h2>
        {found.dataUpdatedAt > 0 && (
          <span className="muted small">
            seen <Ago ms={found.dataUpdatedAt} />
          </span>
        )}
      </header>
      {found.isPending ? (
        <Loading rows={2} />
      ) : found.isLoadingError ? (
        <Failure error={found.error} retry={() => void found.refetch()} />
      ) : (
        <ul className="checks">
          {found.data.checks.map((each) => (
            <li key={each.name} className={each.ok ? "check well" : "check ill"}>
              <Icon name={each.ok ? "check" : "warn"} />
              <span className="grow">
                <b>{WORDS[each.name] ?? each.name}</b>
                <span className="muted small">{each.reason ?? (each.name === "database" ? "answers a real query" : "can be used")}</span>
              </span>
              <span className="muted">{number(each.ms, 3)} ms</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Facts() {
  const found = useQuery(systemFacts);
  if (found.isPending) return <Loading rows={5} />;
  if (found.isLoadingError) return <Failure error={found.error} retry={() => void found.refetch()} />;
  const { database, disk, parts, workers, ...facts } = found.data;
  return (
    <>
      <div className="columns">
        <section className="card" aria-label="Server">
          <h2>Server</h2>
          <dl className="facts">
            <Fact name="Lakeward">{facts.version}</Fact>
            <Fact name="As MLflow">{facts.mlflow}</Fact>
            <Fact name="Python">
              {facts.python} <span className="muted">{facts.platform}</span>
            </Fact>
            <Fact name="Up for">
              <span title={time(facts.started_at)}>{duration(Math.max(0, Date.now() - facts.started_at))}</span>
            </Fact>
            <Fact name="Data at">
              <code>{disk.path}</code>
            </Fact>
            <Fact name="Disk">
              <Share part={disk.size - disk.free} whole={disk.size} label="Disk in use" text={`${bytes(disk.free)} free of ${bytes(disk.size)}`} />
            </Fact>
            <Fact name="Objects">
              <code>{facts.objects}</code>
            </Fact>
          </dl>
        </section>
        <section className="card" aria-label="Database">
          <h2>Database</h2>
          <dl className="facts">
            <Fact name="PostgreSQL">
              {database.version} <span className="muted">{database.where}</span>
            </Fact>
            <Fact name="Schema">{database.schema}</Fact>
            <Fact name="Size">{bytes(database.size)}</Fact>
            <Fact name="Connections">
              <Share part={database.connections} whole={database.most_connections} label="Connections in use" text={`${database.connections} of ${database.most_connections}`} />
            </Fact>
          </dl>
        </section>
      </div>
      <Workers workers={workers} />
      <section className="card" aria-label="What it stands on">
        <h2>What it stands on</h2>
        <p className="row wrap">
          {Object.entries(parts).map(([name, version]) => (
            <span key={name} className="pill">
              {name} {version}
            </span>
          ))}
        </p>
      </section>
    </>
  );
}

const SILENT = 20; // seconds; they tell of themselves every five
const QUEUES: Record<string, string> = {
  webhook_deliveries: "Webhook deliveries",
  audit_events: "Audit events to seal",
  trace_rollups: "Traces to roll up",
  runs_to_erase: "Runs to erase",
};

/** Whether scheduled work is done, and how much of it waits. */
function Workers({ workers }: { workers: readonly Worker[] }) {
  const [liveliest] = workers;
  const living = workers.filter((each) => each.seen_seconds_ago < SILENT);
  return (
    <section className="card" aria-label="Workers">
      <header className="row">
        <h2 className="grow">Workers</h2>
        <span className="muted small">send webhooks, seal the audit log, roll up traces, erase what was deleted</span>
      </header>
      {living.length === 0 && (
        <p role="alert" className="bad-text">
          No worker lives: webhooks, retention and clean-up wait. Start one: <code>lakeward up</code> has one of its own.
        </p>
      )}
      <ul className="checks">
        {workers.map((each) => {
          const lives = each.seen_seconds_ago < SILENT;
          return (
            <li key={`${each.host} ${each.pid} ${each.started_at}`} className={lives ? "check well" : "check ill"}>
              <Icon name={lives ? "check" : "warn"} />
              <span className="grow">
                <b>
                  {each.host}, process {each.pid}
                </b>
                <span className="muted small">{lives ? `up for ${duration(Date.now() - each.started_at)}` : "silent: it was killed, or cannot reach the database"}</span>
              </span>
              <span className="muted">seen {duration(each.seen_seconds_ago * 1000)} ago</span>
            </li>
          );
        })}
      </ul>
      {liveliest && (
        <dl className="facts" aria-label="What waits">
          {Object.entries(liveliest.waiting).map(([name, waiting]) => (
            <Fact key={name} name={QUEUES[name] ?? name}>
              {number(waiting)} waiting
            </Fact>
          ))}
        </dl>
      )}
    </section>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

const NEARLY = 0.9;

function Share({ part, whole, label, text }: { part: number; whole: number; label: string; text: string }) {
  const share = whole > 0 ? part / whole : 0;
  return (
    <span className="share">
      <span className={share > NEARLY ? "meter full" : "meter"} role="meter" aria-label={label} aria-valuenow={Math.round(share * 100)} aria-valuemin={0} aria-valuemax={100}>
        <span style={{ width: `${Math.min(100, share * 100)}%` }} />
      </span>
      <span className={share > NEARLY ? "warn-text" : ""}>{text}</span>
    </span>
  );
}

const SHOWN = 12;

function Busiest() {
  const found = useQuery(metricsText);
  if (found.isPending) return <Loading rows={4} />;
  if (found.isLoadingError) return <Failure error={found.error} retry={() => void found.refetch()} />;
  const calls = callsOf(found.data);
  return (
    <section className="card" aria-label="Calls">
      <header className="row">
        <h2 className="grow">The busiest calls</h2>
        <span className="muted small">
          since the start, of all API processes; Prometheus reads <code>/metrics</code>
        </span>
      </header>
      <div className="scroll-x" tabIndex={0} role="region" aria-label="The busiest calls">
        <table className="simple">
          <thead>
            <tr>
              <th scope="col">Call</th>
              <th scope="col" className="numeric">
                Answered
              </th>
              <th scope="col" className="numeric">
                Refused
              </th>
              <th scope="col" className="numeric">
                Failed
              </th>
              <th scope="col" className="numeric">
                Mean
              </th>
              <th scope="col" className="numeric">
                95 % within
              </th>
            </tr>
          </thead>
          <tbody>
            {calls.slice(0, SHOWN).map((each) => (
              <tr key={`${each.method} ${each.path}`}>
                <th scope="row">
                  <span className="muted">{each.method}</span> {each.path}
                </th>
                <td className="numeric">{number(each.count)}</td>
                <td className="numeric">{each.refused ? number(each.refused) : ""}</td>
                <td className={each.failed ? "numeric bad-text" : "numeric"}>{each.failed ? number(each.failed) : ""}</td>
                <td className="numeric">{number(each.mean * 1000, 3)} ms</td>
                <td className="numeric">{each.p95 === null ? "" : `${number(each.p95 * 1000, 3)} ms`}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
