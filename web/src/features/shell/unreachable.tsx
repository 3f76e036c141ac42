import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import { get, isReached, whenReached } from "~/api/client";

const EVERY = 3_000;

/** Says that the server does not answer, looks whether it does again, and then brings the page up to date. */
export function Unreachable() {
  const reached = useSyncExternalStore(whenReached, isReached);
  const queries = useQueryClient();
  useEffect(() => {
    if (reached) return;
    const timer = setInterval(() => {
      get("/version", undefined, { anywhere: true, quiet: true }).then(() => queries.invalidateQueries(), () => {});
    }, EVERY);
    return () => clearInterval(timer);
  }, [reached, queries]);
  if (reached) return null;
  return (
    <p className="unreachable" role="alert">
      The server does not answer. What you see and what you are writing stays; the page goes on as soon as it is back.
    </p>
  );
}
