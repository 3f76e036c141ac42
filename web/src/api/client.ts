/** The one way to the server: plain requests with the caller's token and workspace, errors as `ApiError`. */

const TOKEN_KEY = "lakeward.token";

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly requestId = "",
    /** Seconds after which it may be tried again; 0 if the server says nothing of it. */
    readonly retryAfter = 0,
  ) {
    super(message);
    this.name = "ApiError";
  }
}

let csrf = "";
let caller = "";
let token = sessionStorage.getItem(TOKEN_KEY) ?? "";
let workspace = "";
const onSignedOut = new Set<() => void>();

/** Kept for this browser tab only: closing it forgets the token. */
export function setToken(value: string): void {
  token = value;
  if (value) sessionStorage.setItem(TOKEN_KEY, value);
  else sessionStorage.removeItem(TOKEN_KEY);
}

/** What calls of this page repeat, so that the server knows them from those of other sites. Empty without a session. */
export function setCsrf(value: string, name: string): void {
  csrf = value;
  caller = name;
}

export function hasToken(): boolean {
  return token !== "";
}

/** The workspace that calls go to; empty is the caller's own default. */
export function setWorkspace(name: string): void {
  workspace = name;
}

export function currentWorkspace(): string {
  return workspace;
}

export function whenSignedOut(listener: () => void): () => void {
  onSignedOut.add(listener);
  return () => onSignedOut.delete(listener);
}

let reached = true;
const onReached = new Set<() => void>();

/** Whether the last call had an answer, whatever it was. */
export const isReached = () => reached;

export function whenReached(listener: () => void): () => void {
  onReached.add(listener);
  return () => onReached.delete(listener);
}

function noteReached(now: boolean): void {
  if (now === reached) return;
  reached = now;
  for (const listener of onReached) listener();
}

export interface Options {
  query?: Record<string, string | number | boolean | readonly string[] | undefined>;
  body?: unknown;
  signal?: AbortSignal;
  /** Ask as nobody's guest of a workspace: who am I, which workspaces are there. */
  anywhere?: boolean;
  /** A refusal is an answer here, and does not mean that somebody was signed out. */
  quiet?: boolean;
}

function address(path: string, query: Options["query"]): URL {
  const url = new URL(path, window.location.origin);
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value === undefined) continue;
    for (const each of Array.isArray(value) ? value : [value]) url.searchParams.append(name, String(each));
  }
  return url;
}

function ownHeaders(anywhere = false): Headers {
  const headers = new Headers();
  if (token) headers.set("authorization", `Bearer ${token}`);
  headers.set("x-lakeward-csrf", csrf); // also when it is empty: the browser is not to ask for a password of its own
  if (workspace && !anywhere) headers.set("x-mlflow-workspace", workspace);
  return headers;
}

const unreachable = () => new ApiError(0, "UNREACHABLE", "The server does not answer. Check that it runs and that you are connected.");

/** A PUT of a file that tells how much of it has been sent: `fetch` tells nothing of that. */
export async function sendFile(path: string, content: Blob, query: Options["query"], told?: (sent: number) => void, quiet = false): Promise<void> {
  const answer = await new Promise<Response>((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", address(path, query));
    for (const [name, value] of ownHeaders()) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", (event) => told?.(event.loaded));
    request.addEventListener("error", () => reject(unreachable()));
    request.addEventListener("abort", () => reject(unreachable()));
    request.addEventListener("load", () => {
      const retryAfter = request.getResponseHeader("retry-after");
      resolve(new Response(request.status === 204 ? null : request.responseText, { status: request.status, headers: retryAfter ? { "retry-after": retryAfter } : {} }));
    });
    request.send(content);
  });
  if (answer.ok) return;
  await refused(answer, quiet);
  await sendFile(path, content, query, told, true);
}

/** Throws what the refusal says, unless it is the session that was renewed elsewhere, and may be tried again. */
async function refused(response: Response, quiet: boolean): Promise<void> {
  const failure = await errorOf(response);
  if (failure.code === "CSRF_TOKEN_WRONG" && !quiet && (await renewCsrf())) return;
  if (failure.status === 401 && !quiet) for (const listener of onSignedOut) listener();
  throw failure;
}

export async function send(method: string, path: string, options: Options = {}): Promise<Response> {
  const url = address(path, options.query);
  const headers = ownHeaders(options.anywhere);
  if (options.body !== undefined) headers.set("content-type", "application/json");
  const body = options.body === undefined ? undefined : JSON.stringify(options.body);
  const early = window.lakewardEarly?.take(method, url.pathname + url.search, body, options.anywhere ? "" : workspace);
  let response: Response;
  try {
    response = await (early?.catch(() => undefined) ?? undefined) ?? (await fetch(url, { method, headers, credentials: "same-origin", body, signal: options.signal }));
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    noteReached(false);
    throw unreachable();
  }
  noteReached(true);
  if (!response.ok) {
    await refused(response, options.quiet ?? false);
    return send(method, path, { ...options, quiet: true });
  }
  return response;
}

/** Somebody signed in anew in another tab: the cookie is another one by now. */
async function renewCsrf(): Promise<boolean> {
  try {
    const now = await get<{ name: string; csrf_token: string }>("/api/2.0/lakeward/session", undefined, { anywhere: true });
    if (now.name !== caller) {
      for (const listener of onSignedOut) listener(); // nothing that one asked for is done as another
      return false;
    }
    const changed = now.csrf_token !== csrf;
    csrf = now.csrf_token;
    return changed;
  } catch {
    return false;
  }
}

async function errorOf(response: Response): Promise<ApiError> {
  const text = await response.text();
  try {
    const body = JSON.parse(text) as { error_code?: string; message?: string; request_id?: string };
    return new ApiError(response.status, body.error_code ?? "", body.message ?? text, body.request_id, Number(response.headers.get("retry-after")) || 0);
  } catch {
    return new ApiError(response.status, "", text.slice(0, 500) || `HTTP ${response.status}`);
  }
}

export async function get<T>(path: string, query?: Options["query"], options?: Options): Promise<T> {
  return (await (await send("GET", path, { ...options, query })).json()) as T;
}

export async function post<T = unknown>(path: string, body: unknown, options?: Options): Promise<T> {
  return (await (await send("POST", path, { ...options, body })).json()) as T;
}

export async function change<T = unknown>(method: "PATCH" | "DELETE" | "PUT", path: string, body?: unknown): Promise<T> {
  const response = await send(method, path, { body });
  return (response.status === 204 ? {} : await response.json()) as T;
}
