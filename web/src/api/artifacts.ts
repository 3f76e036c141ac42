import { queryOptions } from "@tanstack/react-query";
import { get, send } from "./client";
import type { FileInfo, FileList } from "./types";

/** Whose files: a run's, a LoggedModel's, or those of a volume by its path `/Volumes/…`. */
export type Owner = { run: string } | { model: string } | { volume: string };

const API = "/api/2.0/mlflow";

export async function listFiles(owner: Owner, path: string, signal: AbortSignal): Promise<FileInfo[]> {
  if ("volume" in owner) return inVolume(owner.volume, path, signal);
  const found: FileInfo[] = [];
  let token: string | undefined;
  do {
    const page: FileList =
      "run" in owner
        ? await get(`${API}/artifacts/list`, { run_id: owner.run, path, page_token: token }, { signal })
        : await get(`${API}/logged-models/${owner.model}/artifacts/directories`, { artifact_directory_path: path, page_token: token }, { signal });
    found.push(...(page.files ?? []));
    token = page.next_page_token;
  } while (token && found.length < 20_000);
  return found;
}

export const files = (owner: Owner, path: string) =>
  queryOptions({
    queryKey: ["files", owner, path],
    queryFn: ({ signal }) => listFiles(owner, path, signal),
    staleTime: 10_000,
  });

/** Folders that `allFiles` reads; what lies deeper is found on the run's own page. */
const DEEPEST = 4;
const MOST_FOLDERS = 60;

/** Every file of a run, in folders within folders. */
export const allFiles = (run: string) =>
  queryOptions({
    queryKey: ["files", { run }, "everything"],
    queryFn: async ({ signal }) => {
      const found: FileInfo[] = [];
      let folders = [""];
      let read = 0;
      for (let depth = 0; depth < DEEPEST && folders.length > 0; depth += 1) {
        const some = folders.slice(0, MOST_FOLDERS - read);
        read += some.length;
        // One level after the other, the folders of a level together.
        // oxlint-disable-next-line no-await-in-loop
        const level = (await Promise.all(some.map((path) => listFiles({ run }, path, signal)))).flat();
        found.push(...level.filter((each) => !each.is_dir));
        folders = level.filter((each) => each.is_dir).map((each) => each.path);
      }
      return found;
    },
    staleTime: 10_000,
  });

interface Directory {
  contents?: { path: string; is_directory: boolean; file_size?: number }[];
  next_page_token?: string;
}

const written = (file: string) => file.split("/").map(encodeURIComponent).join("/");

async function inVolume(volume: string, path: string, signal: AbortSignal): Promise<FileInfo[]> {
  const found: FileInfo[] = [];
  let token: string | undefined;
  do {
    const page: Directory = await get(`/api/2.0/fs/directories${written(path ? `${volume}/${path}` : volume)}`, { page_token: token }, { signal });
    found.push(...(page.contents ?? []).map((each) => ({ path: each.path.slice(volume.length + 1), is_dir: each.is_directory, file_size: each.file_size })));
    token = page.next_page_token;
  } while (token && found.length < 20_000);
  return found;
}

function location(owner: Owner, path: string): [string, Record<string, string>] {
  if ("volume" in owner) return [`/api/2.0/fs/files${written(`${owner.volume}/${path}`)}`, {}];
  return "run" in owner
    ? ["/get-artifact", { run_id: owner.run, path }]
    : [`/ajax-api/2.0/mlflow/logged-models/${owner.model}/artifacts/files`, { artifact_file_path: path }];
}

async function readFile(owner: Owner, path: string, signal: AbortSignal): Promise<Blob> {
  const [url, query] = location(owner, path);
  return (await send("GET", url, { query, signal })).blob();
}

export const fileContent = (owner: Owner, path: string) =>
  queryOptions({
    queryKey: ["file", owner, path],
    queryFn: ({ signal }) => readFile(owner, path, signal),
    staleTime: 60_000,
    gcTime: 60_000,
  });

export const fileText = (owner: Owner, path: string) =>
  queryOptions({
    queryKey: ["file", owner, path, "text"],
    queryFn: async ({ signal }) => (await readFile(owner, path, signal)).text(),
    staleTime: 60_000,
    gcTime: 60_000,
  });

/** Fetched like every call, so that it carries the token, and handed to the browser to be saved. */
export async function download(owner: Owner, path: string): Promise<void> {
  const [url, query] = location(owner, path);
  const blob = await (await send("GET", url, { query })).blob();
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = path.split("/").pop() ?? "file";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
