import { useQuery } from "@tanstack/react-query";
import { explain } from "~/api/access";
import { catalogNamed } from "~/api/catalog";
import { registryEntry } from "~/api/registry";
import { useReadOnly, useSession } from "~/session";

const RANKS = ["USE", "READ", "EDIT", "MANAGE"];
const IN_CATALOGS = new Set(["catalog", "schema", "table", "volume", "function"]);

/** The catalog that the server itself keeps: nobody changes what is in it, administrators say who reads it. */
export const SYSTEM = "system";

/**
 * Why the caller may not do something with an object, or false. `least` is the role that is enough without a grant;
 * below it the server says, in its own words, what would be. `aboutRights`: it changes only who may do what.
 */
export function useMay(object: string, right: string, least: "EDIT" | "MANAGE", { aboutRights = false } = {}): string | false {
  const { who, workspace } = useSession();
  const [type = "", name = ""] = object.split("/");
  const catalog = IN_CATALOGS.has(type) ? (name.split(".")[0] ?? "") : "";
  const place = useQuery({ ...catalogNamed(catalog), enabled: catalog !== "", staleTime: 30_000, retry: false }).data;
  const ranks = RANKS.indexOf(workspace?.role ?? "") >= RANKS.indexOf(least);
  const settled = who.is_admin || (ranks && !place?.from_elsewhere && catalog !== SYSTEM);
  const told = useQuery({
    queryKey: ["access", "may", object, right],
    queryFn: ({ signal }) => explain(object, who.name, right, signal),
    enabled: !settled && name !== "" && (catalog === SYSTEM ? aboutRights : !place?.read_only),
    staleTime: 10_000,
    retry: false,
  });
  if (catalog === SYSTEM && !aboutRights) return "The server keeps this catalog itself; nobody changes what is in it.";
  if (place?.read_only && catalog !== SYSTEM) return `The catalog ${catalog} is bound to this workspace for reading only.`;
  if (settled || told.data?.allowed || told.isError) return false; // what cannot be told is tried
  return told.data ? told.data.because.join(" ") : "One moment";
}

/** Why the caller may not change an experiment, or what lies in it. The role is enough, and so is a grant. */
export function useMayChange(experiment: string, right: "EDIT" | "MANAGE" = "EDIT"): string | false {
  const readOnly = useReadOnly();
  const told = useMay(`experiments/${experiment}`, right, "EDIT");
  return told && (readOnly || told);
}

/** The same of a registered model or a prompt, which rights know by an id. */
export function useMayChangeRegistered(name: string, right: "EDIT" | "MANAGE" = "EDIT"): string | false {
  const readOnly = useReadOnly();
  const { who, workspace } = useSession();
  const settled = who.is_admin || workspace?.role === "EDIT" || workspace?.role === "MANAGE";
  const entry = useQuery({ ...registryEntry(name), enabled: !settled, staleTime: 30_000 }).data;
  const told = useMay(`registered-models/${entry?.id ?? ""}`, right, "EDIT");
  return told && (readOnly || told);
}
