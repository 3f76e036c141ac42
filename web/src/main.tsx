import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/ui.css";
import "./styles/shell.css";
import "./styles/tables.css";
import "./styles/pages.css";
import "./styles/traces.css";
import "./styles/registry.css";
import "./styles/catalog.css";
import "./styles/settings.css";
import "./styles/phone.css";
import { hashKey, QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { ApiError, currentWorkspace } from "./api/client";
import { fromPlatform, fromPrinted } from "./links";
import { makeRouter } from "./routes";
import { applyTheme } from "./theme";
import { Toasts, toastError } from "./ui/toast";

applyTheme();

/** Links that clients printed, and addresses of the platform's own pages. */
function followPrinted(): boolean {
  const { hash, pathname, search, origin } = window.location;
  const printed = fromPrinted(hash);
  const page = printed ?? fromPlatform(pathname, search);
  if (page === null) return false;
  const url = new URL(page, origin);
  // `/?workspace=x#/experiments/1`: what stands before the hash is said too.
  const before = printed === null ? [] : new URLSearchParams(search);
  for (const [name, value] of before) if (!url.searchParams.has(name)) url.searchParams.set(name, value);
  window.history.replaceState(null, "", url.pathname + url.search);
  return true;
}

followPrinted();

const queries = new QueryClient({
  queryCache: new QueryCache({
    // Pages show the failure of their first load themselves; this is for what failed while somebody looked at it. That
    // one is signed out, or that the server does not answer, the shell says.
    onError: (error, query) => {
      if (query.state.data !== undefined && !(error instanceof ApiError && (error.status === 401 || error.status === 0))) toastError(error);
    },
  }),
  defaultOptions: {
    mutations: { networkMode: "always" },
    queries: {
      networkMode: "always", // the server may be on this machine: what the browser thinks of its network says nothing
      staleTime: 5_000,
      queryKeyHashFn: (key) => hashKey([currentWorkspace(), key]), // the same question elsewhere has another answer
      retry: (count, error) => count < 2 && (!(error instanceof ApiError) || error.status === 0 || error.status >= 500),
    },
  },
});

const router = makeRouter();
window.addEventListener("hashchange", () => {
  if (followPrinted()) router.history.replace(window.location.pathname + window.location.search);
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
        <Toasts />
      </QueryClientProvider>
    </StrictMode>,
  );
}
