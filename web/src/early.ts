/**
 * What the first page needs, asked for while the other scripts are still on their way: its code, who is there, and then
 * its data. `api/client` takes the answers from here. Imports nothing, so that it runs before everything else.
 */

interface Early {
  /** The answer to a question that was asked here, once. */
  take: (method: string, address: string, body: string | undefined, workspace: string) => Promise<Response> | undefined;
}

declare global {
  interface Window {
    lakewardEarly?: Early;
  }
}

interface Question {
  method: "GET" | "POST";
  address: string;
  body?: string;
}

const KEPT = 15_000; // ms: what nobody took by then is too old

/** The data of a page, as `api/` asks for it. Of addresses that say more than which object it is, that is left to them. */
export function questionsOf(path: string, search: URLSearchParams): Question[] {
  const [, ml, kind, experiment, part, trace, more] = path.split("/");
  if (ml !== "ml" || kind !== "experiments" || !experiment || more !== undefined) return [];
  const head: Question = { method: "GET", address: `/api/2.0/mlflow/experiments/get?experiment_id=${experiment}` };
  if (part === "traces" && trace) return [{ method: "GET", address: `/api/2.0/lakeward/traces/${trace}/outline` }, head];
  if (part !== undefined) return [];
  if (["q", "sort", "view"].some((name) => search.has(name))) return [head];
  const body = { experiment_ids: [experiment], order_by: [], run_view_type: "ACTIVE_ONLY", max_results: 100 };
  return [{ method: "POST", address: "/api/2.0/lakeward/runs/table", body: JSON.stringify(body) }, head];
}

/** The files of the page at an address, of those that the build wrote down. */
export function filesOf(pages: Record<string, string[]>, path: string, search: URLSearchParams): string[] {
  const parts = path.split("/").slice(1);
  const fits = (pattern: string) => {
    const [place = "", mode] = pattern.split("?");
    const wanted = place.split("/").slice(1);
    return wanted.length === parts.length && wanted.every((each, at) => each === "*" || each === parts[at]) && (!mode || search.get("mode") === mode);
  };
  return Object.entries(pages).flatMap(([pattern, files]) => (fits(pattern) ? files : []));
}

interface Who {
  csrf_token: string;
  workspaces: { id: string; name: string }[];
}

function begin(): void {
  const { pathname, hash } = window.location;
  const search = new URLSearchParams(window.location.search);
  if (hash.startsWith("#/")) return; // an address that is about to change
  const pages = document.getElementById("pages")?.textContent;
  for (const file of pages ? filesOf(JSON.parse(pages) as Record<string, string[]>, pathname, search) : []) {
    const link = document.createElement("link");
    link.rel = file.endsWith(".css") ? "preload" : "modulepreload";
    if (file.endsWith(".css")) link.as = "style";
    link.crossOrigin = "";
    link.href = file;
    document.head.append(link);
  }

  const answers = new Map<string, Promise<Response>>();
  const began = performance.now();
  window.lakewardEarly = {
    take: (method, address, body, workspace) => {
      const found = performance.now() - began < KEPT ? answers.get(`${method} ${address} ${body ?? ""} ${workspace}`) : undefined;
      if (found) answers.delete(`${method} ${address} ${body ?? ""} ${workspace}`);
      return found;
    },
  };
  const token = sessionStorage.getItem("lakeward.token") ?? "";
  const ask = (question: Question, csrf: string, workspace: string) => {
    const headers = new Headers({ "x-lakeward-csrf": csrf });
    if (token) headers.set("authorization", `Bearer ${token}`);
    if (workspace) headers.set("x-mlflow-workspace", workspace);
    if (question.body) headers.set("content-type", "application/json");
    const { method, address, body } = question;
    const answer = fetch(address, { method, headers, body, credentials: "same-origin" });
    answers.set(`${method} ${address} ${body ?? ""} ${workspace}`, answer);
    return answer;
  };
  const who = ask({ method: "GET", address: "/api/2.0/lakeward/whoami" }, "", "");
  const questions = questionsOf(pathname, search);
  if (questions.length === 0) return;
  who
    .then(async (answer) => {
      if (!answer.ok) return;
      const { csrf_token, workspaces } = (await answer.clone().json()) as Who;
      // As `chosenWorkspace` of the session does it.
      const named = search.get("workspace");
      const number = search.get("o");
      const chosen = named
        ? workspaces.find((each) => each.name === named)
        : number
          ? workspaces.find((each) => each.id === number)
          : (workspaces.find((each) => each.name === "default") ?? workspaces[0]);
      if (chosen) for (const question of questions) void ask(question, csrf_token, chosen.name).catch(() => undefined);
    })
    .catch(() => undefined); // whoever takes the answer says what is wrong
}

if (typeof document !== "undefined") begin();
