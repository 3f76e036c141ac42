import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import {
  deleteVersionTag,
  describeVersion,
  type ModelVersion,
  moveToStage,
  type RegisteredModel,
  setVersionTag,
} from "~/api/registry";
import { number, time, userTags } from "~/format";
import { paths } from "~/links";
import { useMayChangeRegistered } from "~/shared/access/may";
import { Aliases } from "~/shared/registry/aliases";
import { Description } from "~/shared/registry/description";
import { DeleteVersion } from "~/shared/registry/dialogs";
import { Copy, Loading, Snippet } from "~/ui/bits";
import { Button } from "~/ui/button";
import { FormDialog } from "~/ui/dialog";
import { Menu, MenuItem } from "~/ui/menu";
import { TagsEditor } from "~/ui/tags_editor";
import { messageOf, toast } from "~/ui/toast";
import { useOrigin } from "./origin";

const STATUS: Record<string, { word: string; tone: string }> = {
  READY: { word: "Ready", tone: "ok" },
  PENDING_REGISTRATION: { word: "Files are coming", tone: "run" },
  FAILED_REGISTRATION: { word: "Failed", tone: "bad" },
};

interface Props {
  model: RegisteredModel;
  version: ModelVersion;
  versions: readonly ModelVersion[];
  onCompare: (version: string) => void;
  onGone: () => void;
}

export function VersionDetails({ model, version, versions, onCompare, onGone }: Props) {
  const readOnly = useMayChangeRegistered(model.name);
  const kept = useMayChangeRegistered(model.name, "MANAGE");
  const queries = useQueryClient();
  const changed = () => queries.invalidateQueries({ queryKey: ["registry"] });
  const origin = useOrigin(version);
  const [deleting, setDeleting] = useState(false);
  const others = versions.filter((each) => each.version !== version.version);
  const status = STATUS[version.status] ?? { word: version.status, tone: "" };
  const uri = version.aliases[0] ? `models:/${model.name}@${version.aliases[0]}` : `models:/${model.name}/${version.version}`;
  return (
    <div className="stack">
      <header className="row wrap">
        <h2>Version {version.version}</h2>
        <span className={`status pill ${status.tone}`} title={version.status_message}>
          <span className="dot" />
          {status.word}
        </span>
        <Aliases name={model.name} version={version.version} own={version.aliases} all={model.aliases} blocked={readOnly} />
        <span className="grow" />
        <Stage version={version} />
        <Menu label="Compare with" align="end">
          {(close) =>
            others.length === 0 ? (
              <p className="menu-note">There is no other version.</p>
            ) : (
              others.map((each) => (
                <MenuItem key={each.version} onClick={() => (close(), onCompare(each.version))}>
                  Version {each.version} <span className="muted">{each.aliases.map((alias) => `@${alias}`).join(" ")}</span>
                </MenuItem>
              ))
            )
          }
        </Menu>
        <Button icon="trash" kind="danger" className="only-icon" aria-label="Delete this version" title="Delete this version" blocked={kept} onClick={() => setDeleting(true)} />
      </header>
      <Description
        key={version.description}
        label={`the description of version ${version.version}`}
        text={version.description ?? ""}
        blocked={readOnly}
        save={(text) => describeVersion(model.name, version.version, text)}
        changed={changed}
      />
      <div className="columns">
        <section className="card" aria-label="About this version">
          <dl className="facts">
            <Fact name="Created">{time(version.creation_timestamp)}</Fact>
            {version.user_id && <Fact name="By">{version.user_id}</Fact>}
            {origin.model && (
              <Fact name="Model">
                <Link to={paths.model} params={{ experimentId: origin.model.info.experiment_id, modelId: origin.model.info.model_id }} search={{}}>
                  {origin.model.info.name}
                </Link>
              </Fact>
            )}
            {origin.run ? (
              <Fact name="Run">
                <Link to={paths.run} params={{ experimentId: origin.run.info.experiment_id, runId: origin.run.info.run_id }} search={{}}>
                  {origin.run.info.run_name}
                </Link>
              </Fact>
            ) : (
              version.run_id && !origin.loading && <Fact name="Run">{version.run_id.slice(0, 8)} <span className="muted">(gone)</span></Fact>
            )}
            {version.source && (
              <Fact name="Source">
                <span className="row">
                  <code className="ellipsis" title={version.source}>{version.source}</code>
                  <Copy text={version.source} label="Copy the source" />
                </span>
              </Fact>
            )}
          </dl>
          <section className="entries" aria-label="Tags">
            <h3>Tags</h3>
            <TagsEditor
              tags={userTags(version.tags)}
              blocked={readOnly}
              set={(key, value) => setVersionTag(model.name, version.version, key, value)}
              remove={(key) => deleteVersionTag(model.name, version.version, key)}
              changed={() => void changed()}
            />
          </section>
          <Snippet label="Load it in Python" code={`import mlflow\n\nmodel = mlflow.pyfunc.load_model("${uri}")\npredictions = model.predict(data)`} />
        </section>
        {origin.loading ? (
          <section className="card"><Loading rows={4} /></section>
        ) : (
          <div className="stack">
            <Pairs title="Metrics" rows={[...origin.metrics].map(([key, value]) => [key, number(value)])} />
            <Pairs title="Params" rows={[...origin.params]} />
          </div>
        )}
      </div>
      {deleting && (
        <DeleteVersion kind="model" name={model.name} version={version.version} onClose={() => setDeleting(false)} onDone={onGone} />
      )}
    </div>
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

function Pairs({ title, rows }: { title: string; rows: readonly (readonly [string, string])[] }) {
  return (
    <section className="card" aria-label={title}>
      <h3>
        {title} <span className="count">{rows.length}</span>
      </h3>
      {rows.length === 0 ? (
        <p className="muted none">None</p>
      ) : (
        <table className="pairs">
          <tbody>
            {rows.map(([key, value]) => (
              <tr key={key}>
                <th scope="row" title={key}>{key}</th>
                <td title={value}>{value}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

const STAGES = ["None", "Staging", "Production", "Archived"];

/** Stages are how older clients say what aliases say better. */
function Stage({ version }: { version: ModelVersion }) {
  const readOnly = useMayChangeRegistered(version.name);
  const [asked, setAsked] = useState<string | null>(null);
  const stage = version.current_stage || "None";
  return (
    <>
      <Menu label={stage === "None" ? "No stage" : stage} name="Stage" align="end">
        {(close) =>
          STAGES.map((each) => (
            <MenuItem key={each} chosen={each === stage} blocked={readOnly} onClick={() => (close(), each !== stage && setAsked(each))}>
              {each === "None" ? "No stage" : each}
            </MenuItem>
          ))
        }
      </Menu>
      {asked && <MoveToStage version={version} stage={asked} onClose={() => setAsked(null)} />}
    </>
  );
}

function MoveToStage({ version, stage, onClose }: { version: ModelVersion; stage: string; onClose: () => void }) {
  const [archive, setArchive] = useState(stage === "Production");
  const live = stage === "Production" || stage === "Staging";
  const queries = useQueryClient();
  const move = useMutation({
    mutationFn: () => moveToStage(version.name, version.version, stage, archive && live),
    onSuccess: async () => {
      toast(`Version ${version.version}: ${stage === "None" ? "no stage" : stage}`);
      onClose();
      await queries.invalidateQueries({ queryKey: ["registry"] });
    },
  });
  return (
    <FormDialog
      title={stage === "None" ? `Version ${version.version} without a stage` : `Version ${version.version} to ${stage}`}
      action="Move"
      busy={move.isPending}
      error={move.error ? messageOf(move.error) : ""}
      onClose={onClose}
      onSubmit={() => move.mutate()}
    >
      {live ? (
        <label className="choice">
          <input type="checkbox" checked={archive} onChange={(event) => setArchive(event.target.checked)} />
          Archive the versions that are in {stage} now
        </label>
      ) : (
        <p>Clients that load by stage will no longer find it there.</p>
      )}
    </FormDialog>
  );
}
