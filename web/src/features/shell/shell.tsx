import { useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Outlet } from "@tanstack/react-router";
import { useEffect, useMemo, useState } from "react";
import { ApiError, hasToken, setToken, setWorkspace, whenSignedOut } from "~/api/client";
import { whoAmI } from "~/api/session";
import type { WhoAmI } from "~/api/types";
import { chosenWorkspace, SessionContext, useWhoAmI } from "~/session";
import { Failure } from "~/ui/bits";
import { Palette } from "./palette";
import { Rail } from "./rail";
import { SignIn } from "./sign_in";

const root = getRouteApi("__root__");

/** Who is there, before anything else is asked. */
export function Shell() {
  const who = useWhoAmI();
  const queries = useQueryClient();
  useEffect(() => whenSignedOut(() => void queries.invalidateQueries({ queryKey: whoAmI.queryKey })), [queries]);
  if (who.isPending) return <div className="boot" role="status" aria-label="Loading" />;
  if (who.error instanceof ApiError && who.error.status === 401) {
    return (
      <SignIn
        wrong={hasToken() ? who.error.message : ""}
        onToken={(token) => {
          setToken(token);
          void queries.resetQueries();
        }}
      />
    );
  }
  if (!who.data) return <Failure error={who.error} retry={() => void who.refetch()} />;
  return <Inside who={who.data} />;
}

function Inside({ who }: { who: WhoAmI }) {
  const search = root.useSearch();
  const workspace = chosenWorkspace(who, search);
  const session = useMemo(() => ({ who, workspace }), [who, workspace]);
  const [finding, setFinding] = useState(false);
  const [menu, setMenu] = useState(false);
  setWorkspace(workspace?.name ?? ""); // before any page below asks for anything

  useEffect(() => {
    const open = (event: KeyboardEvent) => {
      if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        setFinding(true);
      }
    };
    document.addEventListener("keydown", open);
    return () => document.removeEventListener("keydown", open);
  }, []);

  return (
    <SessionContext value={session}>
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <div className={menu ? "shell menu-open" : "shell"}>
        <Rail onFind={() => setFinding(true)} open={menu} onMenu={setMenu} />
        <main id="main" tabIndex={-1} key={workspace?.name}>
          {workspace ? <Outlet /> : <NoWorkspace named={search.workspace ?? search.o} name={who.name} />}
        </main>
      </div>
      {finding && <Palette onClose={() => setFinding(false)} />}
    </SessionContext>
  );
}

function NoWorkspace({ named, name }: { named: string | undefined; name: string }) {
  const text = named
    ? `“${name}” has no role in a workspace “${named}”. Ask a manager of it, or choose another workspace.`
    : `“${name}” has no role in any workspace yet. Ask an administrator for one.`;
  return <Failure error={new ApiError(403, "PERMISSION_DENIED", text)} />;
}
