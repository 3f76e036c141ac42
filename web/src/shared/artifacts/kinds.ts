/** What a file is, by its name, and tables out of text. Pure. */

export type FileKind = "image" | "markdown" | "html" | "table" | "json" | "text" | "pdf" | "audio" | "video" | "binary";

const KINDS: Record<string, FileKind> = {
  ...of("image", "png jpg jpeg gif webp svg bmp ico avif"),
  ...of("markdown", "md markdown"),
  ...of("html", "html htm"),
  ...of("table", "csv tsv"),
  ...of("json", "json geojson ipynb"),
  ...of("text", "txt text log py yaml yml toml ini cfg conf xml sql sh r java js ts tsx css rst tex properties env jsonl ndjson lock requirements"),
  ...of("pdf", "pdf"),
  ...of("audio", "mp3 wav ogg flac m4a"),
  ...of("video", "mp4 webm mov m4v"),
};
const NAMES: Record<string, FileKind> = { MLmodel: "text", Dockerfile: "text", LICENSE: "text", README: "text" };

/** Types for the browser; bytes are shown as what their name says, and as nothing that could run. */
export const MIME: Record<string, string> = {
  png: "image/png", jpg: "image/jpeg", jpeg: "image/jpeg", gif: "image/gif", webp: "image/webp", svg: "image/svg+xml",
  bmp: "image/bmp", ico: "image/x-icon", avif: "image/avif", pdf: "application/pdf", mp3: "audio/mpeg", wav: "audio/wav",
  ogg: "audio/ogg", flac: "audio/flac", m4a: "audio/mp4", mp4: "video/mp4", webm: "video/webm", mov: "video/mp4", m4v: "video/mp4",
}; // prettier-ignore

function of(kind: FileKind, endings: string): Record<string, FileKind> {
  return Object.fromEntries(endings.split(" ").map((each) => [each, kind]));
}

export function ending(path: string): string {
  const name = path.split("/").pop() ?? "";
  return name.includes(".") ? (name.split(".").pop() ?? "").toLowerCase() : "";
}

export function kindOf(path: string): FileKind {
  return KINDS[ending(path)] ?? NAMES[path.split("/").pop() ?? ""] ?? "binary";
}

/** RFC 4180: quoted fields may hold separators, line breaks and doubled quotes. */
export function parseDelimited(text: string, separator: string, mostRows: number): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let field = "";
  let quoted = false;
  for (let at = 0; at < text.length && rows.length < mostRows; at += 1) {
    const char = text[at] as string;
    if (quoted) {
      if (char === '"' && text[at + 1] === '"') {
        field += '"';
        at += 1;
      } else if (char === '"') quoted = false;
      else field += char;
    } else if (char === '"' && field === "") quoted = true;
    else if (char === separator) {
      row.push(field);
      field = "";
    } else if (char === "\n" || char === "\r") {
      if (char === "\r" && text[at + 1] === "\n") at += 1;
      rows.push([...row, field]);
      row = [];
      field = "";
    } else field += char;
  }
  if (field !== "" || row.length > 0) rows.push([...row, field]);
  return rows;
}

export interface Tabular {
  columns: string[];
  rows: unknown[][];
}

/** MLflow's tables: `{"columns": [...], "data": [[...], …]}`; also a list of objects. Null for any other JSON. */
export function tabular(value: unknown): Tabular | null {
  if (Array.isArray(value)) {
    if (value.length === 0 || !value.every((each) => each !== null && typeof each === "object" && !Array.isArray(each))) return null;
    const columns = [...new Set(value.slice(0, 100).flatMap((each) => Object.keys(each as object)))];
    return { columns, rows: value.map((each) => columns.map((name) => (each as Record<string, unknown>)[name])) };
  }
  if (value === null || typeof value !== "object") return null;
  const { columns, data } = value as { columns?: unknown; data?: unknown };
  if (!Array.isArray(columns) || !Array.isArray(data) || !data.every(Array.isArray)) return null;
  return { columns: columns.map(String), rows: data as unknown[][] };
}

const NUMBER = /^\s*[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?\s*$/i;
const LOOKED_AT = 200;

/** The columns that hold numbers, as far as the first rows say; what is missing says nothing. */
export function numericColumns({ columns, rows }: Tabular): boolean[] {
  return columns.map((_, at) => {
    const said = rows.slice(0, LOOKED_AT).map((row) => row[at]).filter((value) => value !== null && value !== undefined && value !== "");
    return said.length > 0 && said.every((value) => typeof value === "number" || (typeof value === "string" && NUMBER.test(value)));
  });
}
