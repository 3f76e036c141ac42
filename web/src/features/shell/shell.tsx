import { useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Outlet, useRouterState } from "@tanstack/react-router";
import { useEffect, useMemo, useRef, useState } from "react";
import { ApiError, hasToken, setToken, setWorkspace, whenSignedOut } from "~/api/client";
import { whoAmI } from "~/api/session";
import type { WhoAmI } from "~/api/types";
import { paths, safeAddress } from "~/links";
import { chosenWorkspace, SessionContext, useWhoAmI } from "~/session";
import { Failure } from "~/ui/bits";
import { PageKeys } from "./keys";
import { Palette } from "./palette";
import { Rail } from "./rail";
import { SignIn, whereTo } from "./sign_in";
import { Unreachable } from "./unreachable";

const root = getRouteApi("__root__");

/** Who is there, before anything else is asked. */
export function Shell() {
  const who = useWhoAmI();
  const queries = useQueryClient();
  useEffect(() => whenSignedOut(() => void queries.invalidateQueries({ queryKey: whoAmI.queryKey })), [queries]);
  const place = useRouterState({ select: (state) => state.location });
  const arriving = place.pathname === paths.signIn;
  const search = place.search as { next?: string; problem?: string };
  const back = arriving ? safeAddress(search.next ?? (search.problem && whereTo())) : place.href;
  const name = who.data?.name;
  const before = useRef(name);
  useEffect(() => {
    // What one was shown is not the next one's to see.
    if (before.current !== undefined && name !== undefined && before.current !== name) void queries.resetQueries();
    before.current = name ?? before.current;
  }, [name, queries]);
  const refused = who.error instanceof ApiError && who.error.status === 401;
  const [wasOut, setWasOut] = useState(false);
  if (refused !== wasOut && !who.isPending) setWasOut(refused);
  const out = refused || (who.isPending && wasOut); // what one is typing stays while the server is asked again
  const [wrong, setWrong] = useState("");
  useEffect(() => {
    if (!refused || !hasToken()) return;
    setWrong(who.error?.message ?? "");
    setToken("");
  }, [refused, who.error]);
  const settled = arriving && !out && who.data !== undefined && who.data.by !== "LOCAL" && !search.problem;
  useEffect(() => {
    if (settled) window.location.replace(back); // the address may be one of the server's own, such as a program's question
  }, [settled, back]);
  if ((who.isPending && !out) || settled) return <div className="boot" role="status" aria-label="Loading" />;
  if (out || arriving) {
    return (
      <SignIn
        back={back}
        problem={search.problem}
        wrong={wrong}
        local={who.data && !out && who.data.by === "LOCAL" ? who.data.name : undefined}
        onDone={() => {
          if (arriving) window.location.replace(back);
          else void queries.resetQueries();
        }}
        onToken={(token) => {
          setWrong("");
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
          <Unreachable />
          {workspace ? <Outlet /> : <NoWorkspace named={search.workspace ?? search.o} name={who.name} />}
        </main>
      </div>
      <PageKeys />
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
