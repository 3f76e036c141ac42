import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { type Column, giveTo, sampleOf, type Table, tableNamed } from "~/api/catalog";
import { count } from "~/format";
import { paths } from "~/links";
import { Permissions } from "~/shared/access/permissions";
import { Copy, Empty, Failure, Loading, Snippet } from "~/ui/bits";
import { Button } from "~/ui/button";
import { ColumnTags } from "./column_tags";
import { CatalogHead } from "./head";
import { readTable, writeTable } from "./snippets";

const route = getRouteApi("/ml/catalog/$catalog/$schema/$kind/$name");

export function TablePage({ name }: { name: string }) {
  const search = route.useSearch();
  const navigate = useNavigate({ from: paths.asset });
  const found = useQuery(tableNamed(name));
  if (found.isPending) return <Loading />;
  if (found.isLoadingError) return <Failure error={found.error} retry={() => void found.refetch()} />;
  const table = found.data;
  const tab = search.tab === "sample" || search.tab === "permissions" ? search.tab : "columns";
  return (
    <div className="page fill">
      <CatalogHead
        kind="tables"
        object={table}
        facts={
          <>
            <span>
              {table.table_type.toLowerCase()}, {table.data_source_format}
            </span>
            {table.storage_location && (
              <span className="row location">
                <code className="ellipsis" title={table.storage_location}>
                  {table.storage_location}
                </code>
                <Copy text={table.storage_location} label="Copy the location" />
              </span>
            )}
          </>
        }
        tabs={[
          { id: "columns", name: "Columns", count: table.columns?.length },
          { id: "sample", name: "Sample rows" },
          { id: "permissions", name: "Permissions" },
        ]}
        tab={tab}
        onTab={(next) => void navigate({ search: (before) => ({ ...before, tab: next === "columns" ? undefined : next }) })}
      />
      {tab === "columns" && <Columns table={table} />}
      {tab === "sample" && <SampleRows table={table} />}
      {tab === "permissions" && (
        <div className="scroll overview">
          <Permissions securable={{ type: "table", name }} owner={table.owner} onOwner={(owner) => giveTo("tables", name, owner)} />
        </div>
      )}
    </div>
  );
}

function Columns({ table }: { table: Table }) {
  const columns = table.columns ?? [];
  const properties = Object.entries(table.properties ?? {});
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label="Columns">
      {columns.length === 0 ? (
        <Empty icon="table" title="No columns were registered">
          <p>Sample rows show those of the files.</p>
        </Empty>
      ) : (
        <table className="data columns-table">
          <thead>
            <tr>
              <th scope="col">Column</th>
              <th scope="col">Type</th>
              <th scope="col">Description</th>
              <th scope="col">Tags</th>
            </tr>
          </thead>
          <tbody>
            {columns.map((column) => (
              <tr key={column.name}>
                <th scope="row">{column.name}</th>
                <td>
                  <code>{typeOf(column)}</code>
                  {column.nullable === false && <span className="muted small"> not null</span>}
                  {column.partition_index !== undefined && <span className="pill">partition</span>}
                </td>
                <td className="muted">{column.comment}</td>
                <td>
                  <ColumnTags table={table.full_name} column={column.name} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {properties.length > 0 && (
        <section className="card properties" aria-label="Properties">
          <h3>Properties</h3>
          <table className="pairs">
            <tbody>
              {properties.map(([key, value]) => (
                <tr key={key}>
                  <th scope="row">{key}</th>
                  <td>{value}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      {table.storage_location && (
        <div className="onboarding">
          <Snippet label="Read it in Python" code={readTable(table.storage_location)} />
        </div>
      )}
    </div>
  );
}

const typeOf = (column: Column) => column.type_text || (column.type_name ?? "").toLowerCase();

function SampleRows({ table }: { table: Table }) {
  const managed = table.table_type !== "EXTERNAL";
  const found = useQuery({ ...sampleOf(table.full_name), enabled: managed });
  if (!managed) {
    return (
      <Empty icon="table" title="Its rows are elsewhere">
        <p>The files of an external table are read where they lie, with your own rights there.</p>
      </Empty>
    );
  }
  if (found.isPending) return <Loading />;
  if (found.isLoadingError) return <Failure error={found.error} retry={() => void found.refetch()} />;
  const sample = found.data;
  if (!sample.written) {
    return (
      <div className="scroll">
        <Empty icon="table" title="Nothing was written yet">
          <p>Any Delta client writes to where the table lies.</p>
        </Empty>
        <div className="onboarding">
          <Snippet label="Python" code={writeTable(table.storage_location || "…")} />
        </div>
      </div>
    );
  }
  return (
    <>
      <div className="scroll sample" tabIndex={0} role="region" aria-label="Sample rows">
        <table className="data">
          <thead>
            <tr>
              {sample.columns.map((column) => (
                <th key={column.name} scope="col">
                  {column.name} <span className="muted type">{column.type}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {sample.rows.map((row, at) => (
              // Rows have no identity but their place.
              // oxlint-disable-next-line react/no-array-index-key
              <tr key={at}>
                {sample.columns.map((column, place) => (
                  <Cell key={column.name} value={row[place]} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="foot muted" role="status">
        <span>
          {sample.more && "The first "}
          {count(sample.rows.length, "row")} · version {sample.version} · {count(sample.files, "file")}
        </span>
        <Button small icon="restore" blocked={found.isFetching && "Under way"} onClick={() => void found.refetch()}>
          Look again
        </Button>
      </p>
    </>
  );
}

function Cell({ value }: { value: unknown }) {
  if (value === null || value === undefined) return <td className="muted">null</td>;
  const text = String(value);
  return (
    <td className={typeof value === "number" ? "numeric" : ""} title={text.length > 30 ? text : undefined}>
      {text}
    </td>
  );
}
