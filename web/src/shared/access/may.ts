import { useQuery } from "@tanstack/react-query";
import { explain } from "~/api/access";
import { useSession } from "~/session";

const RANKS = ["USE", "READ", "EDIT", "MANAGE"];

/**
 * Why the caller may not do something with an object, or false. `least` is the role that is enough without a grant;
 * below it the server says, in its own words, what would be.
 */
export function useMay(object: string, right: string, least: "EDIT" | "MANAGE"): string | false {
  const { who, workspace } = useSession();
  const settled = who.is_admin || RANKS.indexOf(workspace?.role ?? "") >= RANKS.indexOf(least);
  const told = useQuery({
    queryKey: ["access", "may", object, right],
    queryFn: ({ signal }) => explain(object, who.name, right, signal),
    enabled: !settled,
    staleTime: 10_000,
    retry: false,
  });
  if (settled || told.data?.allowed || told.isError) return false; // what cannot be told is tried
  return told.data ? told.data.because.join(" ") : "One moment";
}
