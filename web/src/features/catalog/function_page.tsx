import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { functionNamed, giveTo, type Parameter } from "~/api/catalog";
import { paths } from "~/links";
import { Permissions } from "~/shared/access/permissions";
import { Empty, Failure, Loading, Snippet } from "~/ui/bits";
import { returned, signature, typeOf } from "./function_body";
import { CatalogHead } from "./head";

const route = getRouteApi("/ml/catalog/$catalog/$schema/$kind/$name");

export function FunctionPage({ name }: { name: string }) {
  const search = route.useSearch();
  const navigate = useNavigate({ from: paths.asset });
  const found = useQuery(functionNamed(name));
  if (found.isPending) return <Loading />;
  if (found.isLoadingError) return <Failure error={found.error} retry={() => void found.refetch()} />;
  const it = found.data;
  const tab = search.tab === "permissions" ? "permissions" : "definition";
  const language = it.external_language || (it.routine_body === "SQL" ? "SQL" : "");
  return (
    <div className="page fill">
      <CatalogHead
        kind="functions"
        object={it}
        facts={language ? <span>{language}</span> : undefined}
        tabs={[
          { id: "definition", name: "Definition" },
          { id: "permissions", name: "Permissions" },
        ]}
        tab={tab}
        onTab={(next) => void navigate({ search: (before) => ({ ...before, tab: next === "definition" ? undefined : next }) })}
      />
      <div className="scroll overview">
        {tab === "permissions" ? (
          <Permissions securable={{ type: "function", name }} owner={it.owner} onOwner={(owner) => giveTo("functions", name, owner)} />
        ) : (
          <div className="stack definition">
            <p>
              <code>
                {it.name}
                {signature(it)}
              </code>
            </p>
            <Parameters parameters={it.input_params?.parameters ?? []} result={returned(it)} />
            {it.routine_definition ? (
              <Snippet label={language ? `Body, ${language}` : "Body"} code={it.routine_definition} />
            ) : (
              <Empty icon="function" title={it.browse_only ? "Its body is for who has EXECUTE" : "It was registered without a body"} />
            )}
          </div>
        )}
      </div>
    </div>
  );
}

function Parameters({ parameters, result }: { parameters: readonly Parameter[]; result: string }) {
  return (
    <section className="card" aria-label="Parameters">
      <h3>Parameters</h3>
      {parameters.length === 0 ? (
        <p className="muted">It takes none.</p>
      ) : (
        <div className="scroll-x">
          <table className="simple wraps">
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Type</th>
                <th scope="col">Default</th>
                <th scope="col">Description</th>
              </tr>
            </thead>
            <tbody>
              {parameters.map((each) => (
                <tr key={each.name}>
                  <th scope="row">{each.name}</th>
                  <td>
                    <code>{typeOf(each)}</code>
                  </td>
                  <td>{each.parameter_default !== undefined && <code>{each.parameter_default}</code>}</td>
                  <td className="muted">{each.comment}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {result && (
        <p className="returns">
          Returns <code>{result}</code>
        </p>
      )}
    </section>
  );
}
