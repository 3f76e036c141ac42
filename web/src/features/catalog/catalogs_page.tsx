import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type Catalog, catalogs } from "~/api/catalog";
import { useReadOnly } from "~/session";
import { SYSTEM } from "~/shared/access/may";
import { PageHead } from "~/shared/page";
import { Empty, Failure, Loading, Snippet, useTitle } from "~/ui/bits";
import { Button } from "~/ui/button";
import { ContentsTable } from "./contents_table";
import { Create } from "./dialogs";
import { makeCatalog } from "./snippets";

/** All catalogs that one may see. */
export function CatalogsPage() {
  const found = useQuery(catalogs);
  const readOnly = useReadOnly();
  const [making, setMaking] = useState(false);
  useTitle("Catalog");
  return (
    <div className="page fill">
      <PageHead
        crumbs={[]}
        title={<h1>Catalog</h1>}
        actions={
          <Button icon="plus" kind="primary" blocked={readOnly} onClick={() => setMaking(true)}>
            New catalog
          </Button>
        }
      />
      {found.isPending ? (
        <Loading />
      ) : found.isLoadingError ? (
        <Failure error={found.error} retry={() => void found.refetch()} />
      ) : (
        <div className="scroll" tabIndex={0} role="region" aria-label="Catalogs">
          {found.data.length === 0 ? (
            <Empty icon="catalog" title="No catalog that you may see">
              <p>Whoever manages one can grant you USE CATALOG on it.</p>
            </Empty>
          ) : (
            <ContentsTable
              rows={found.data.map((each) => ({ ...each, kind: "catalogs" as const }))}
              what={{ title: "Seen in", of: (each) => <span className="muted">{seenIn(each)}</span> }}
            />
          )}
          {found.data.length < 2 && (
            <section className="onboarding" aria-label="Make a catalog">
              <h2>A catalog of your own</h2>
              <p className="muted">
                Tables, volumes, functions, models and prompts stand in schemas, and schemas in catalogs: <code>shop.toys.sales</code>. The platform's SDK and
                the open-source Unity Catalog clients work as they are.
              </p>
              <Snippet label="Python" code={makeCatalog} />
            </section>
          )}
        </div>
      )}
      {making && <Create what={{ kind: "catalogs" }} onClose={() => setMaking(false)} />}
    </div>
  );
}

function seenIn({ name, isolation_mode: mode, from_elsewhere: guest, read_only: read }: Catalog): string {
  if (name === SYSTEM) return "every workspace, only to read";
  if (guest) return read ? "here, only to read" : "here, from another workspace";
  return mode === "OPEN" ? "every workspace" : "bound workspaces";
}
