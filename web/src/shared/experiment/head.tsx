import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { lazy, type ReactNode, Suspense, useState } from "react";
import { deleteExperimentTag, setExperimentTag } from "~/api/experiments";
import type { Experiment } from "~/api/types";
import { firstLine, splitName, tagOf, userTags } from "~/format";
import { paths } from "~/links";
import { useMayChange } from "~/shared/access/may";
import { PageHead } from "~/shared/page";
import { Copy, Tabs } from "~/ui/bits";
import { Button } from "~/ui/button";
import { Menu, MenuItem } from "~/ui/menu";
import { TagsEditor } from "~/ui/tags_editor";
import { RenameExperiment } from "./dialogs";
import { useTrash } from "./trash";

const AccessDialog = lazy(() => import("~/shared/access/access_dialog").then((module) => ({ default: module.AccessDialog })));

const TABS = [
  { id: "runs", name: "Runs" },
  { id: "traces", name: "Traces" },
  { id: "sessions", name: "Sessions" },
  { id: "overview", name: "Overview" },
  { id: "models", name: "Models" },
] as const;

type ExperimentTab = (typeof TABS)[number]["id"];

const PLACES = {
  runs: paths.experiment,
  traces: paths.traces,
  sessions: paths.sessions,
  overview: paths.overview,
  models: paths.models,
} as const;

interface Props {
  experiment: Experiment;
  tab: ExperimentTab;
  actions?: ReactNode;
}

/** What every page of an experiment begins with. */
export function ExperimentHead({ experiment, tab, actions }: Props) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [renaming, setRenaming] = useState(false);
  const [sharing, setSharing] = useState(false);
  const { remove, restore } = useTrash(experiment, () => void navigate({ to: paths.experiments }));
  const id = experiment.experiment_id;
  const readOnly = useMayChange(id);
  const kept = useMayChange(id, "MANAGE");
  const { folder, leaf } = splitName(experiment.name);
  const deleted = experiment.lifecycle_stage === "deleted";
  const note = tagOf(experiment.tags, "mlflow.note.content");
  const changed = () => void queries.invalidateQueries({ queryKey: ["experiments"] });
  return (
    <PageHead
      crumbs={[{ name: "Experiments", link: { to: paths.experiments } }, ...(folder ? [{ name: folder }] : [])]}
      title={
        <>
          <h1 className="ellipsis" title={experiment.name}>
            {leaf}
          </h1>
          <Copy text={experiment.name} label="Copy the name" />
          {deleted && <span className="pill status bad">In the trash</span>}
        </>
      }
      actions={
        <>
          {actions}
          {deleted && (
            <Button icon="restore" kind="primary" blocked={kept} onClick={() => restore.mutate()}>
              Restore
            </Button>
          )}
          <Menu label="" name="Actions for this experiment" icon="more" align="end">
            {(close) => (
              <>
                <p className="menu-note">
                  Experiment {id} <Copy text={id} label="Copy the id" />
                </p>
                <MenuItem
                  icon="edit"
                  blocked={readOnly}
                  onClick={() => {
                    close();
                    setRenaming(true);
                  }}
                >
                  Rename
                </MenuItem>
                <MenuItem
                  icon="key"
                  onClick={() => {
                    close();
                    setSharing(true);
                  }}
                >
                  Access
                </MenuItem>
                <MenuItem icon="trash" danger blocked={kept || (deleted && "It is in the trash already")} onClick={() => remove.mutate()}>
                  Move to trash
                </MenuItem>
              </>
            )}
          </Menu>
        </>
      }
    >
      <div className="head-line">
        {note && <p className="note muted ellipsis">{firstLine(note)}</p>}
        <TagsEditor
          tags={userTags(experiment.tags)}
          blocked={readOnly}
          set={(key, value) => setExperimentTag(id, key, value)}
          remove={(key) => deleteExperimentTag(id, key)}
          changed={changed}
        />
      </div>
      <Tabs
        label="Experiment"
        tabs={TABS}
        value={tab}
        onChange={(next) => void navigate({ to: PLACES[next], params: { experimentId: id } })}
      />
      {sharing && (
        <Suspense>
          <AccessDialog object={{ type: "experiments", id }} title={`Access to ${leaf}`} onClose={() => setSharing(false)} />
        </Suspense>
      )}
      {renaming && <RenameExperiment experiment={experiment} onClose={() => setRenaming(false)} />}
    </PageHead>
  );
}
