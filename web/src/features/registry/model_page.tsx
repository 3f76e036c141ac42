import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import {
  deleteRegisteredTag,
  describeRegistered,
  type ModelVersion,
  type RegisteredModel,
  registeredModel,
  setRegisteredTag,
  versionList,
} from "~/api/registry";
import { count, userTags } from "~/format";
import { paths } from "~/links";
import { useMayChangeRegistered } from "~/shared/access/may";
import { PageHead } from "~/shared/page";
import { LineageGraph } from "~/shared/lineage/graph";
import { ActivityLog } from "~/shared/registry/activity";
import { Description } from "~/shared/registry/description";
import { DeleteRegistered, RenameRegistered } from "~/shared/registry/dialogs";
import { REGISTRY_TABS } from "~/shared/registry/tabs";
import { Timeline } from "~/shared/registry/timeline";
import { NoSuchVersion, useWanted } from "~/shared/registry/wanted";
import { Copy, Empty, Failure, Loading, Tabs, useTitle } from "~/ui/bits";
import { LinkButton } from "~/ui/button";
import { Menu, MenuItem } from "~/ui/menu";
import { TagsEditor } from "~/ui/tags_editor";
import { Versus } from "./versus";
import { VersionDetails } from "./version_details";

const ModelAccess = lazy(() => import("~/shared/access/model_access").then((module) => ({ default: module.ModelAccess })));
const route = getRouteApi("/ml/models/$name");

export function RegisteredModelPage() {
  const { name } = route.useParams();
  const model = useQuery(registeredModel(name));
  const versions = useInfiniteQuery(versionList("model", name));
  useTitle(name);
  if (model.isPending || versions.isPending) return <Loading />;
  if (model.isLoadingError) return <Failure error={model.error} retry={() => void model.refetch()} back={<LinkButton to={paths.registry}>All models</LinkButton>} />;
  if (versions.isLoadingError) return <Failure error={versions.error} retry={() => void versions.refetch()} />;
  const all = versions.data.pages.flatMap((page) => page.model_versions ?? []);
  return <Loaded model={model.data} versions={all} more={versions.hasNextPage ? () => void versions.fetchNextPage() : null} />;
}

interface LoadedProps {
  model: RegisteredModel;
  versions: readonly ModelVersion[];
  more: (() => void) | null;
}

function Loaded({ model, versions, more }: LoadedProps) {
  const search = route.useSearch();
  const navigate = useNavigate({ from: paths.registered });
  const queries = useQueryClient();
  const readOnly = useMayChangeRegistered(model.name);
  const changed = () => queries.invalidateQueries({ queryKey: ["registry"] });
  const { chosen, missing } = useWanted(versions, search.version, more);
  const other = versions.find((each) => each.version === search.against);
  const tab = search.tab ?? "versions";
  const set = (change: { version?: string; against?: string; tab?: "lineage" | "activity" }) => void navigate({ search: (before) => ({ ...before, ...change }), replace: true });
  return (
    <div className="page fill">
      <PageHead
        crumbs={[{ name: "Models", link: { to: paths.registry } }]}
        title={
          <>
            <h1 className="ellipsis" title={model.name}>
              {model.name}
            </h1>
            <Copy text={model.name} label="Copy the name" />
            <span className="muted small">{count(versions.length, "version")}{more && " and more"}</span>
          </>
        }
        actions={<Actions model={model} />}
      >
        <Description
          label="the model's description"
          text={model.description}
          blocked={readOnly}
          save={(text) => describeRegistered(model.name, text)}
          changed={changed}
        />
        <TagsEditor
          tags={userTags(model.tags)}
          blocked={readOnly}
          set={(key, value) => setRegisteredTag(model.name, key, value)}
          remove={(key) => deleteRegisteredTag(model.name, key)}
          changed={() => void changed()}
        />
        <Tabs label={model.name} tabs={REGISTRY_TABS} value={tab} onChange={(next) => set({ tab: next === "versions" ? undefined : next })} />
      </PageHead>
      {tab === "activity" ? (
        <ActivityLog name={model.name} />
      ) : chosen === undefined ? (
        <Empty icon="layers" title="No versions yet" />
      ) : (
        <div className="versions">
          <Timeline
            versions={versions}
            chosen={chosen.version}
            against={other?.version}
            onChoose={(version) => set({ version, against: version === search.against ? undefined : search.against })}
            more={more}
          />
          <div className="scroll version-body" tabIndex={0} role="region" aria-label={`Version ${chosen.version}`}>
            {missing && <NoSuchVersion wanted={search.version ?? ""} shown={chosen.version} />}
            {tab === "lineage" ? (
              <LineageGraph key={chosen.version} object={{ kind: "MODEL_VERSION", name: model.name, version: chosen.version }} />
            ) : other && other !== chosen ? (
              <Versus before={other} after={chosen} onClose={() => set({ against: undefined })} onSwap={() => set({ version: other.version, against: chosen.version })} />
            ) : (
              <VersionDetails key={chosen.version} model={model} version={chosen} versions={versions} onCompare={(version) => set({ version: chosen.version, against: version })} onGone={() => set({ version: undefined })} />
            )}
          </div>
        </div>
      )}
    </div>
  );
}

function Actions({ model }: { model: RegisteredModel }) {
  const readOnly = useMayChangeRegistered(model.name, "MANAGE");
  const navigate = useNavigate();
  const [asking, setAsking] = useState<"rename" | "access" | "delete" | null>(null);
  return (
    <>
      <Menu label="" name="Actions for this model" icon="more" align="end">
        {(close) => (
          <>
            <MenuItem icon="edit" blocked={readOnly} onClick={() => (close(), setAsking("rename"))}>
              Rename
            </MenuItem>
            <MenuItem icon="key" onClick={() => (close(), setAsking("access"))}>
              Access
            </MenuItem>
            <MenuItem icon="trash" danger blocked={readOnly} onClick={() => (close(), setAsking("delete"))}>
              Delete
            </MenuItem>
          </>
        )}
      </Menu>
      {asking === "access" && (
        <Suspense>
          <ModelAccess name={model.name} onClose={() => setAsking(null)} />
        </Suspense>
      )}
      {asking === "rename" && (
        <RenameRegistered
          kind="model"
          name={model.name}
          onClose={() => setAsking(null)}
          onDone={(name) => {
            setAsking(null);
            void navigate({ to: paths.registered, params: { name: name ?? model.name }, search: (before) => ({ ...before, tab: undefined }), replace: true });
          }}
        />
      )}
      {asking === "delete" && (
        <DeleteRegistered kind="model" name={model.name} onClose={() => setAsking(null)} onDone={() => void navigate({ to: paths.registry })} />
      )}
    </>
  );
}
