import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { catalogs } from "~/api/catalog";
import { useReadOnly } from "~/session";
import { PageHead } from "~/shared/page";
import { Ago, Empty, Failure, Loading, Snippet, useTitle } from "~/ui/bits";
import { Button } from "~/ui/button";
import { Create } from "./dialogs";
import { placeOf } from "./kinds";
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
      ) : found.isError ? (
        <Failure error={found.error} retry={() => void found.refetch()} />
      ) : (
        <div className="scroll" tabIndex={0} role="region" aria-label="Catalogs">
          {found.data.length === 0 ? (
            <Empty icon="catalog" title="No catalog that you may see">
              <p>Whoever manages one can grant you USE CATALOG on it.</p>
            </Empty>
          ) : (
            <table className="data contents">
              <thead>
                <tr>
                  <th scope="col">Name</th>
                  <th scope="col">Description</th>
                  <th scope="col">Owner</th>
                  <th scope="col">Seen in</th>
                  <th scope="col">Changed</th>
                </tr>
              </thead>
              <tbody>
                {found.data.map((each) => (
                  <tr key={each.name}>
                    <th scope="row">
                      <Link {...placeOf("catalogs", each.name)}>{each.name}</Link>
                    </th>
                    <td className="muted">{each.comment?.split("\n")[0]}</td>
                    <td>{each.owner}</td>
                    <td className="muted">{each.isolation_mode === "OPEN" ? "every workspace" : "bound workspaces"}</td>
                    <td className="muted">
                      <Ago ms={each.updated_at} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
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
