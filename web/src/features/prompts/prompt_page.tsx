import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import {
  createPromptVersion,
  deleteRegisteredTag,
  deleteVersionTag,
  describeRegistered,
  type ModelVersion,
  PROMPT_TYPE,
  type RegisteredModel,
  registeredModel,
  setRegisteredTag,
  setVersionTag,
  templateOf,
  versionList,
} from "~/api/registry";
import { time, userTags } from "~/format";
import { paths } from "~/links";
import { useMayChangeRegistered } from "~/shared/access/may";
import { DiffView } from "~/shared/diff/diff_view";
import { useDraft, useHasDraft } from "~/shared/draft";
import { PageHead } from "~/shared/page";
import { LineageGraph } from "~/shared/lineage/graph";
import { ActivityLog } from "~/shared/registry/activity";
import { Aliases } from "~/shared/registry/aliases";
import { Description } from "~/shared/registry/description";
import { DeleteRegistered, DeleteVersion } from "~/shared/registry/dialogs";
import { REGISTRY_TABS } from "~/shared/registry/tabs";
import { Timeline } from "~/shared/registry/timeline";
import { NoSuchVersion, useWanted } from "~/shared/registry/wanted";
import { Copy, Failure, Loading, Snippet, Tabs, useTitle } from "~/ui/bits";
import { Button, LinkButton } from "~/ui/button";
import { Menu, MenuItem } from "~/ui/menu";
import { TagsEditor } from "~/ui/tags_editor";
import { messageOf, toast } from "~/ui/toast";
import { TemplateEditor } from "./editor";
import { asText, TemplateView, variablesOf } from "./template";

const ModelAccess = lazy(() => import("~/shared/access/model_access").then((module) => ({ default: module.ModelAccess })));
const route = getRouteApi("/ml/prompts/$name");
/** Tags that clients keep for themselves. */
const shown = (tags: Parameters<typeof userTags>[0]) => userTags(tags).filter((tag) => !tag.key.startsWith("_mlflow"));

export function PromptPage() {
  const { name } = route.useParams();
  const prompt = useQuery(registeredModel(name));
  const versions = useInfiniteQuery(versionList("prompt", name));
  useTitle(name);
  if (prompt.isPending || versions.isPending) return <Loading />;
  if (prompt.isLoadingError) return <Failure error={prompt.error} retry={() => void prompt.refetch()} back={<LinkButton to={paths.prompts}>All prompts</LinkButton>} />;
  if (versions.isLoadingError) return <Failure error={versions.error} retry={() => void versions.refetch()} />;
  const all = versions.data.pages.flatMap((page) => page.model_versions ?? []);
  return <Loaded key={name} prompt={prompt.data} versions={all} more={versions.hasNextPage ? () => void versions.fetchNextPage() : null} />;
}

interface LoadedProps {
  prompt: RegisteredModel;
  versions: readonly ModelVersion[];
  more: (() => void) | null;
}

function Loaded({ prompt, versions, more }: LoadedProps) {
  const search = route.useSearch();
  const navigate = useNavigate({ from: paths.prompt });
  const queries = useQueryClient();
  const readOnly = useMayChangeRegistered(prompt.name);
  const [writing, setWriting] = useState(useHasDraft(draftOf(prompt.name)));
  const changed = () => queries.invalidateQueries({ queryKey: ["registry"] });
  const { chosen, missing } = useWanted(versions, search.version, more);
  const other = versions.find((each) => each.version === search.against);
  const tab = search.tab ?? "versions";
  const set = (change: { version?: string; against?: string; tab?: "lineage" | "activity" }) => void navigate({ search: (before) => ({ ...before, ...change }), replace: true });
  return (
    <div className="page fill">
      <PageHead
        crumbs={[{ name: "Prompts", link: { to: paths.prompts } }]}
        title={
          <>
            <h1 className="ellipsis" title={prompt.name}>
              {prompt.name}
            </h1>
            <Copy text={prompt.name} label="Copy the name" />
          </>
        }
        actions={
          <>
            <Button icon="plus" kind="primary" blocked={readOnly || (writing && "You are writing one")} onClick={() => (set({ tab: undefined }), setWriting(true))}>
              New version
            </Button>
            <Actions prompt={prompt} />
          </>
        }
      >
        <Description
          label="the prompt's description"
          text={prompt.description}
          blocked={readOnly}
          save={(text) => describeRegistered(prompt.name, text)}
          changed={changed}
        />
        <TagsEditor
          tags={shown(prompt.tags)}
          blocked={readOnly}
          set={(key, value) => setRegisteredTag(prompt.name, key, value)}
          remove={(key) => deleteRegisteredTag(prompt.name, key)}
          changed={() => void changed()}
        />
        <Tabs label={prompt.name} tabs={REGISTRY_TABS} value={tab} onChange={(next) => set({ tab: next === "versions" ? undefined : next })} />
      </PageHead>
      {tab === "activity" ? <ActivityLog name={prompt.name} /> : <div className="versions">
        <Timeline
          versions={versions}
          chosen={chosen?.version}
          against={other?.version}
          onChoose={(version) => {
            setWriting(false);
            set({ version, against: version === search.against ? undefined : search.against });
          }}
          more={more}
        />
        <div className="scroll version-body" tabIndex={0} role="region" aria-label={writing ? "New version" : `Version ${chosen?.version ?? ""}`}>
          {missing && chosen && !writing && <NoSuchVersion wanted={search.version ?? ""} shown={chosen.version} />}
          {tab === "lineage" && chosen && !writing ? (
            <LineageGraph key={chosen.version} object={{ kind: "PROMPT_VERSION", name: prompt.name, version: chosen.version }} />
          ) : writing || !chosen ? (
            <NewVersion
              name={prompt.name}
              before={chosen}
              onClose={() => setWriting(false)}
              onDone={(version) => {
                setWriting(false);
                set({ version, against: undefined });
              }}
            />
          ) : (
            <Version
              key={chosen.version}
              prompt={prompt}
              version={chosen}
              versions={versions}
              against={other && other !== chosen ? other : undefined}
              onAgainst={(version) => set({ version: chosen.version, against: version })}
              onGone={() => set({ version: undefined })}
            />
          )}
        </div>
      </div>}
    </div>
  );
}

interface VersionProps {
  prompt: RegisteredModel;
  version: ModelVersion;
  versions: readonly ModelVersion[];
  against: ModelVersion | undefined;
  onAgainst: (version: string | undefined) => void;
  onGone: () => void;
}

function Version({ prompt, version, versions, against, onAgainst, onGone }: VersionProps) {
  const readOnly = useMayChangeRegistered(prompt.name);
  const kept = useMayChangeRegistered(prompt.name, "MANAGE");
  const queries = useQueryClient();
  const [deleting, setDeleting] = useState(false);
  const template = templateOf(version);
  const variables = variablesOf(template);
  const others = versions.filter((each) => each.version !== version.version);
  return (
    <div className="stack">
      <header className="row wrap">
        <h2>Version {version.version}</h2>
        <span className="pill">{typeof template === "string" ? "Text" : "Chat"}</span>
        <Aliases name={prompt.name} version={version.version} own={version.aliases} all={prompt.aliases} blocked={readOnly} />
        <span className="grow" />
        {against ? (
          <Button icon="close" onClick={() => onAgainst(undefined)}>
            End the comparison
          </Button>
        ) : (
          <Menu label="Compare with" align="end">
            {(close) =>
              others.length === 0 ? (
                <p className="menu-note">There is no other version.</p>
              ) : (
                others.map((each) => (
                  <MenuItem key={each.version} onClick={() => (close(), onAgainst(each.version))}>
                    Version {each.version} <span className="muted">{each.aliases.map((alias) => `@${alias}`).join(" ")}</span>
                  </MenuItem>
                ))
              )
            }
          </Menu>
        )}
        <Button icon="trash" kind="danger" className="only-icon" aria-label="Delete this version" title="Delete this version" blocked={kept} onClick={() => setDeleting(true)} />
      </header>
      <p className="muted">
        {version.description && <span className="commit">{version.description} · </span>}
        {time(version.creation_timestamp)}
        {version.user_id && ` by ${version.user_id}`}
      </p>
      {against ? (
        <DiffView before={asText(templateOf(against))} after={asText(template)} label={`Version ${against.version} → ${version.version}`} />
      ) : (
        <section className="card template-card" aria-label="Template">
          <header className="row">
            <p className="muted small grow">
              {variables.length > 0 && "Variables: "}
              {variables.map((each) => (
                <code key={each} className="variable">
                  {each}
                </code>
              ))}
            </p>
            <Copy text={typeof template === "string" ? template : JSON.stringify(template, null, 2)} label="Copy the template" />
          </header>
          <TemplateView template={template} />
        </section>
      )}
      <section className="entries" aria-label="Tags of this version">
        <h3>Tags of this version</h3>
        <TagsEditor
          tags={shown(version.tags)}
          blocked={readOnly}
          set={(key, value) => setVersionTag(prompt.name, version.version, key, value)}
          remove={(key) => deleteVersionTag(prompt.name, version.version, key)}
          changed={() => void queries.invalidateQueries({ queryKey: ["registry"] })}
        />
      </section>
      <Snippet label="Use it in Python" code={snippet(prompt.name, version, variables)} />
      {deleting && (
        <DeleteVersion kind="prompt" name={prompt.name} version={version.version} onClose={() => setDeleting(false)} onDone={onGone} />
      )}
    </div>
  );
}

function snippet(name: string, version: ModelVersion, variables: readonly string[]): string {
  const alias = version.aliases[0];
  const uri = alias ? `prompts:/${name}@${alias}` : `prompts:/${name}/${version.version}`;
  const filled = variables.map((each) => `${each.replaceAll(".", "_")}="…"`).join(", ");
  return `import mlflow\n\nprompt = mlflow.genai.load_prompt("${uri}")\nprint(prompt.format(${filled}))`;
}

interface NewProps {
  name: string;
  before: ModelVersion | undefined;
  onClose: () => void;
  onDone: (version: string) => void;
}

/** Begins as the version that was looked at. */
const draftOf = (name: string) => `prompt ${name}`;

function NewVersion({ name, before, onClose, onDone }: NewProps) {
  const first = before ? templateOf(before) : "";
  const [template, setTemplate, forget] = useDraft(draftOf(name), first);
  const [message, setMessage] = useState("");
  const [comparing, setComparing] = useState(false);
  const queries = useQueryClient();
  const save = useMutation({
    mutationFn: () => {
      // Formats and settings of the version before go on; they have no editor here.
      const kept = (before?.tags ?? []).filter((tag) => tag.key.startsWith("_mlflow_prompt") && tag.key !== PROMPT_TYPE);
      return createPromptVersion(name, template, message.trim(), kept);
    },
    onSuccess: async ({ model_version }) => {
      await queries.invalidateQueries({ queryKey: ["registry"] });
      forget();
      toast(`Version ${model_version.version} saved`);
      onDone(model_version.version);
    },
  });
  const same = asText(template) === asText(first);
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (!same && !save.isPending) save.mutate();
      }}
    >
      <h2>{before ? `New version, from version ${before.version}` : "First version"}</h2>
      <TemplateEditor template={template} onChange={setTemplate}>
        {before && (
          <Button small icon="diff" aria-pressed={comparing} onClick={() => setComparing(!comparing)}>
            Changes
          </Button>
        )}
      </TemplateEditor>
      {comparing && before && <DiffView before={asText(first)} after={asText(template)} label={`Version ${before.version} → new`} />}
      <label>
        What changed
        <input value={message} placeholder="Shorter, and in the customer's language" onChange={(event) => setMessage(event.target.value)} />
      </label>
      {save.error && (
        <p className="form-error" role="alert">
          {messageOf(save.error)}
        </p>
      )}
      <div className="row">
        <Button type="submit" kind="primary" blocked={same ? "Nothing has changed yet" : save.isPending && "Under way"}>
          Save version
        </Button>
        <Button kind="ghost" onClick={() => (forget(), onClose())}>
          Cancel
        </Button>
      </div>
    </form>
  );
}

function Actions({ prompt }: { prompt: RegisteredModel }) {
  const readOnly = useMayChangeRegistered(prompt.name, "MANAGE");
  const navigate = useNavigate();
  const [sharing, setSharing] = useState(false);
  const [deleting, setDeleting] = useState(false);
  return (
    <>
      <Menu label="" name="Actions for this prompt" icon="more" align="end">
        {(close) => (
          <>
            <MenuItem icon="key" onClick={() => (close(), setSharing(true))}>
              Access
            </MenuItem>
            <MenuItem icon="trash" danger blocked={readOnly} onClick={() => (close(), setDeleting(true))}>
              Delete
            </MenuItem>
          </>
        )}
      </Menu>
      {sharing && (
        <Suspense>
          <ModelAccess name={prompt.name} onClose={() => setSharing(false)} />
        </Suspense>
      )}
      {deleting && (
        <DeleteRegistered kind="prompt" name={prompt.name} onClose={() => setDeleting(false)} onDone={() => void navigate({ to: paths.prompts })} />
      )}
    </>
  );
}
