import { getRouteApi } from "@tanstack/react-router";
import { useTitle } from "~/ui/bits";
import { FunctionPage } from "./function_page";
import { TablePage } from "./table_page";
import { VolumePage } from "./volume_page";

const route = getRouteApi("/ml/catalog/$catalog/$schema/$kind/$name");

const PAGES = { tables: TablePage, volumes: VolumePage, functions: FunctionPage };

/** A table, a volume or a function. */
export function AssetPage() {
  const { catalog, schema, kind, name } = route.useParams();
  const full = `${catalog}.${schema}.${name}`;
  useTitle(full);
  const Page = kind in PAGES ? PAGES[kind as keyof typeof PAGES] : TablePage;
  return <Page key={`${kind} ${full}`} name={full} />;
}
