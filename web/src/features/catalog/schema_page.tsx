import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { assets, giveTo, models, schemaNamed, type CatalogFunction, type CatalogModel, type Table, type Volume } from "~/api/catalog";
import { count } from "~/format";
import { paths } from "~/links";
import { useMay } from "~/shared/access/may";
import { Permissions } from "~/shared/access/permissions";
import { Empty, Failure, Loading, Snippet, useTitle } from "~/ui/bits";
import { Button } from "~/ui/button";
import { Icon } from "~/ui/icons";
import { ContentsTable } from "./contents_table";
import { Create } from "./dialogs";
import { signature } from "./function_body";
import { CatalogHead } from "./head";
import { IN_SCHEMA, type InSchema, KINDS } from "./kinds";
import { fillSchema } from "./snippets";

const route = getRouteApi("/ml/catalog/$catalog/$schema");

interface Row {
  kind: InSchema;
  name: string;
  full_name: string;
  owner: string;
  comment?: string;
  updated_at: number;
  about: string;
}

const row = (kind: InSchema, about: string, { name, full_name, owner, comment, updated_at }: Table | Volume | CatalogFunction | CatalogModel): Row => ({
  kind,
  name,
  full_name,
  owner,
  comment,
  updated_at,
  about,
});

const lower = (word: string) => word.toLowerCase().replaceAll("_", " ");

function useContents(catalog: string, schema: string) {
  const tables = useQuery(assets("tables", catalog, schema));
  const volumes = useQuery(assets("volumes", catalog, schema));
  const functions = useQuery(assets("functions", catalog, schema));
  const registered = useQuery(models(catalog, schema));
  const lists = [tables, volumes, functions, registered];
  return {
    pending: lists.some((each) => each.isPending),
    failed: lists.find((each) => each.isLoadingError),
    rows: [
      ...(tables.data ?? []).map((each) => row("tables", `${lower(each.table_type)}, ${each.data_source_format}`, each)),
      ...(volumes.data ?? []).map((each) => row("volumes", lower(each.volume_type), each)),
      ...(functions.data ?? []).map((each) => row("functions", signature(each), each)),
      ...(registered.data ?? []).map((each) => row("models", (each.aliases ?? []).map(({ alias_name }) => `@${alias_name}`).join(" "), each)),
    ],
  };
}

/** What stands in a schema: tables, volumes, functions and models. */
export function SchemaPage() {
  const { catalog, schema } = route.useParams();
  const { tab = "contents" } = route.useSearch();
  const navigate = useNavigate({ from: paths.inSchema });
  const name = `${catalog}.${schema}`;
  const [making, setMaking] = useState(false);
  const found = useQuery(schemaNamed(name));
  const inside = useContents(catalog, schema);
  const blocked = useMay(`schema/${name}`, "CREATE_VOLUME", "EDIT");
  useTitle(name);
  if (found.isPending) return <Loading />;
  if (found.isLoadingError) return <Failure error={found.error} retry={() => void found.refetch()} />;
  return (
    <div className="page fill">
      <CatalogHead
        kind="schemas"
        object={found.data}
        actions={
          <Button icon="plus" kind="primary" blocked={blocked} onClick={() => setMaking(true)}>
            New volume
          </Button>
        }
        tabs={[
          { id: "contents", name: "Contents", count: inside.pending ? undefined : inside.rows.length },
          { id: "permissions", name: "Permissions" },
        ]}
        tab={tab}
        onTab={(next) => void navigate({ search: (before) => ({ ...before, tab: next === "contents" ? undefined : next }) })}
      />
      {tab === "permissions" ? (
        <div className="scroll overview">
          <Permissions securable={{ type: "schema", name }} owner={found.data.owner} onOwner={(owner) => giveTo("schemas", name, owner)} />
        </div>
      ) : inside.pending ? (
        <Loading />
      ) : inside.failed ? (
        <Failure error={inside.failed.error} retry={() => void inside.failed?.refetch()} />
      ) : inside.rows.length === 0 ? (
        <div className="scroll">
          <Empty icon="schema" title="Nothing in this schema yet">
            <p>
              Models and prompts come here when they are registered as <code>{name}.…</code>; tables, volumes and functions by any client of Unity Catalog.
            </p>
          </Empty>
          <div className="onboarding">
            <Snippet label="Python" code={fillSchema(catalog, schema)} />
          </div>
        </div>
      ) : (
        <Contents rows={inside.rows} />
      )}
      {making && <Create what={{ kind: "volumes", catalog, schema }} onClose={() => setMaking(false)} />}
    </div>
  );
}

function Contents({ rows }: { rows: readonly Row[] }) {
  const { q = "", kind } = route.useSearch();
  const navigate = useNavigate({ from: paths.inSchema });
  const words = q.trim().toLowerCase();
  const named = rows.filter((each) => each.name.toLowerCase().includes(words));
  const shown = named.filter((each) => kind === undefined || each.kind === kind);
  const set = (change: { q?: string; kind?: InSchema }) => void navigate({ search: (before) => ({ ...before, ...change }), replace: true });
  return (
    <>
      <div className="toolbar">
        <div className="field">
          <Icon name="search" />
          <input type="search" aria-label="Find in this schema" placeholder="Find in this schema" value={q} onChange={(event) => set({ q: event.target.value || undefined })} />
        </div>
        {IN_SCHEMA.map((each) => (
          <Button key={each} icon={KINDS[each].icon} aria-pressed={kind === each} onClick={() => set({ kind: kind === each ? undefined : each })}>
            {KINDS[each].many} <span className="count">{named.filter((one) => one.kind === each).length}</span>
          </Button>
        ))}
      </div>
      {shown.length === 0 ? (
        <Empty icon="search" title="Nothing here has that name" />
      ) : (
        <div className="scroll" tabIndex={0} role="region" aria-label="Contents">
          <ContentsTable
            rows={shown}
            what={{
              title: "What",
              of: (each) => (
                <>
                  {KINDS[each.kind].one} <span className="muted">{each.about}</span>
                </>
              ),
            }}
          />
        </div>
      )}
      <p className="foot muted" role="status">
        {count(shown.length, "object")}
      </p>
    </>
  );
}
