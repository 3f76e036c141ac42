/** Who is signed in, and in which workspace the page works. */

import { useQuery } from "@tanstack/react-query";
import { createContext, useContext } from "react";
import { whoAmI } from "./api/session";
import type { WhoAmI, WorkspaceInfo } from "./api/types";

export const DEFAULT_WORKSPACE = "default";

export interface Session {
  who: WhoAmI;
  workspace: WorkspaceInfo | undefined;
}

export const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error("outside of the session");
  return session;
}

/** Why the caller may not change things here, or false. */
export function useReadOnly(): string | false {
  const { workspace } = useSession();
  return workspace?.role === "READ" ? "Your role in this workspace is READ. Ask a manager of it for EDIT." : false;
}

export function useWhoAmI() {
  return useQuery(whoAmI);
}

/** The workspace an address names, by its name or as `o` by its number; else the caller's default one. */
export function chosenWorkspace(who: WhoAmI, search: { workspace?: string; o?: string }): WorkspaceInfo | undefined {
  const named = search.workspace;
  if (named) return who.workspaces.find((each) => each.name === named);
  if (search.o) return who.workspaces.find((each) => each.id === search.o);
  return who.workspaces.find((each) => each.name === DEFAULT_WORKSPACE) ?? who.workspaces[0];
}
