import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { catalogNamed, giveTo, schemas } from "~/api/catalog";
import { paths } from "~/links";
import { useMay } from "~/shared/access/may";
import { Permissions } from "~/shared/access/permissions";
import { Empty, Failure, Loading, Snippet, useTitle } from "~/ui/bits";
import { Button } from "~/ui/button";
import { ContentsTable } from "./contents_table";
import { Create } from "./dialogs";
import { CatalogHead } from "./head";
import { makeSchema } from "./snippets";

const route = getRouteApi("/ml/catalog/$catalog");

export function CatalogPage() {
  const { catalog: name } = route.useParams();
  const { tab = "schemas" } = route.useSearch();
  const navigate = useNavigate({ from: paths.inCatalog });
  const [making, setMaking] = useState(false);
  const found = useQuery(catalogNamed(name));
  const inside = useQuery(schemas(name));
  const blocked = useMay(`catalog/${name}`, "CREATE_SCHEMA", "EDIT");
  useTitle(name);
  if (found.isPending) return <Loading />;
  if (found.isLoadingError) return <Failure error={found.error} retry={() => void found.refetch()} />;
  const catalog = found.data;
  return (
    <div className="page fill">
      <CatalogHead
        kind="catalogs"
        object={catalog}
        facts={<span>{catalog.isolation_mode === "OPEN" ? "Seen in every workspace" : "Seen in the workspaces it is bound to"}</span>}
        actions={
          <Button icon="plus" kind="primary" blocked={blocked} onClick={() => setMaking(true)}>
            New schema
          </Button>
        }
        tabs={[
          { id: "schemas", name: "Schemas", count: inside.data?.length },
          { id: "permissions", name: "Permissions" },
        ]}
        tab={tab}
        onTab={(next) => void navigate({ search: (before) => ({ ...before, tab: next === "schemas" ? undefined : next }) })}
      />
      {tab === "permissions" ? (
        <div className="scroll overview">
          <Permissions securable={{ type: "catalog", name }} owner={catalog.owner} onOwner={(owner) => giveTo("catalogs", name, owner)} />
        </div>
      ) : inside.isPending ? (
        <Loading />
      ) : inside.isLoadingError ? (
        <Failure error={inside.error} retry={() => void inside.refetch()} />
      ) : inside.data.length === 0 ? (
        <div className="scroll">
          <Empty icon="schema" title="No schemas yet">
            <p>Tables, volumes, functions, models and prompts stand in schemas.</p>
          </Empty>
          <div className="onboarding">
            <Snippet label="Python" code={makeSchema(name)} />
          </div>
        </div>
      ) : (
        <div className="scroll" tabIndex={0} role="region" aria-label="Schemas">
          <ContentsTable rows={inside.data.map((each) => ({ ...each, kind: "schemas" as const }))} />
        </div>
      )}
      {making && <Create what={{ kind: "schemas", catalog: name }} onClose={() => setMaking(false)} />}
    </div>
  );
}
