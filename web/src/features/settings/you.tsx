import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { paths } from "~/links";
import { DEFAULT_WORKSPACE, useSession } from "~/session";
import { Snippet } from "~/ui/bits";
import { Button } from "~/ui/button";
import { ChangePassword } from "./passwords";

const ROLES: Record<string, string> = {
  USE: "sees what was shared, and makes its own",
  READ: "looks at everything",
  EDIT: "looks, logs and changes",
  MANAGE: "also deletes for good and decides who may do what",
};

/** Who one is here, and where one may work. */
export function You() {
  const { who, workspace } = useSession();
  const navigate = useNavigate();
  const [changing, setChanging] = useState(false);
  const settings = [
    `export MLFLOW_TRACKING_URI=${window.location.origin}`,
    ...(workspace && workspace.name !== DEFAULT_WORKSPACE ? [`export MLFLOW_WORKSPACE=${workspace.name}`] : []),
    "export MLFLOW_TRACKING_TOKEN=…  # not needed on the server's own machine",
  ].join("\n");
  return (
    <div className="stack">
      <section className="card" aria-label="You">
        <header className="row">
          <h2 className="grow">You</h2>
          <Button icon="key" onClick={() => setChanging(true)}>
            Change your password
          </Button>
        </header>
        {changing && <ChangePassword onClose={() => setChanging(false)} />}
        <dl className="facts">
          <div>
            <dt>Name</dt>
            <dd>{who.name}</dd>
          </div>
          <div>
            <dt>Administrator</dt>
            <dd>{who.is_admin ? "yes, of the whole server" : "no"}</dd>
          </div>
          <div>
            <dt>Server</dt>
            <dd>Lakeward {who.version}</dd>
          </div>
        </dl>
      </section>
      <section className="card" aria-label="Workspaces">
        <h2>Workspaces</h2>
        <div className="scroll-x">
          <table className="simple wraps">
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Your role</th>
                <th scope="col">Description</th>
                <th scope="col">
                  <span className="sr-only">Go there</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {who.workspaces.map((each) => (
                <tr key={each.id}>
                  <th scope="row">{each.name}</th>
                  <td>
                    <span className="pill">{each.role}</span> <span className="muted">{ROLES[each.role]}</span>
                  </td>
                  <td className="muted">{each.description}</td>
                  <td className="numeric">
                    {each.id === workspace?.id ? (
                      <span className="muted">here</span>
                    ) : (
                      <Button
                        small
                        onClick={() =>
                          void navigate({
                            to: paths.home,
                            search: { workspace: each.name === DEFAULT_WORKSPACE ? undefined : each.name, o: undefined },
                          })
                        }
                      >
                        Go there
                      </Button>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
      <section className="card" aria-label="Connect">
        <h2>Connect a client</h2>
        <Snippet label="Shell" code={settings} />
      </section>
    </div>
  );
}
