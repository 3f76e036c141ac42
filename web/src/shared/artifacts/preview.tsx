/** A file as it can be seen. Nothing of an artifact ever runs with the rights of this page. */

import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from "react";
import { fileContent, type Owner } from "~/api/artifacts";
import { bytes } from "~/format";
import { Empty, Failure, Loading } from "~/ui/bits";
import { signatureOf } from "./signature";
import { ending, kindOf, MIME, numericColumns, parseDelimited, type Tabular, tabular } from "./kinds";

const Markdown = lazy(() => import("./markdown"));

const TEXT_SHOWN = 512 * 1024;
const ROWS_SHOWN = 1_000;

export default function Preview({ owner, path }: { owner: Owner; path: string }) {
  const kind = kindOf(path);
  const content = useQuery({ ...fileContent(owner, path), enabled: kind !== "binary" });
  if (kind === "binary") {
    return <Empty icon="file" title="No preview for this kind of file" />;
  }
  if (content.isPending) return <Loading />;
  if (content.isLoadingError) return <Failure error={content.error} retry={() => void content.refetch()} />;
  const blob = content.data;
  if (kind === "image" || kind === "audio" || kind === "video" || kind === "pdf") {
    return <Media blob={blob} path={path} kind={kind} />;
  }
  return <Textual blob={blob} path={path} />;
}

function useObjectUrl(blob: Blob, path: string): string {
  const [url, setUrl] = useState("");
  useEffect(() => {
    const made = URL.createObjectURL(new Blob([blob], { type: MIME[ending(path)] ?? "application/octet-stream" }));
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [blob, path]);
  return url;
}

function Media({ blob, path, kind }: { blob: Blob; path: string; kind: "image" | "audio" | "video" | "pdf" }) {
  const url = useObjectUrl(blob, path);
  const [broken, setBroken] = useState("");
  if (!url) return null;
  if (broken === url) {
    return (
      <div role="alert">
        <Empty icon="file" title={kind === "image" ? "This picture cannot be shown" : "This file cannot be played"}>
          <p>It is damaged, or of a kind that this browser does not know. Download it to open it elsewhere.</p>
        </Empty>
      </div>
    );
  }
  const onError = () => setBroken(url);
  // The browser shows PDF files in no sandbox. A blob of this type is shown by its viewer and runs nothing here.
  // oxlint-disable-next-line react/iframe-missing-sandbox
  if (kind === "pdf") return <iframe className="preview-frame" title={path} src={url} />;
  // What an artifact holds has no captions to offer.
  if (kind === "audio") return <audio className="preview-media" controls src={url} aria-label={path} onError={onError} />;
  if (kind === "video") return <video className="preview-media" controls src={url} aria-label={path} onError={onError} />;
  return (
    <div className="preview-image scroll">
      <img src={url} alt={path} onError={onError} />
    </div>
  );
}

function Textual({ blob, path }: { blob: Blob; path: string }) {
  const kind = kindOf(path);
  const whole = kind === "json" || kind === "html" || kind === "markdown";
  const [text, setText] = useState<string | null>(null);
  useEffect(() => {
    let current = true;
    void (whole ? blob : blob.slice(0, TEXT_SHOWN)).text().then((read) => current && setText(read));
    return () => {
      current = false;
    };
  }, [blob, whole]);
  if (text === null) return <Loading />;
  if (kind === "html") return <Frame html={text} title={path} />;
  if (kind === "markdown") {
    return (
      <div className="scroll preview-text">
        <Suspense fallback={<Loading />}>
          <Markdown text={text} />
        </Suspense>
      </div>
    );
  }
  if (kind === "json") return <Json text={text} />;
  if (path.split("/").pop() === "MLmodel") return <Described text={text} />;
  if (kind === "table") return <Delimited text={text} separator={ending(path) === "tsv" ? "\t" : ","} />;
  return (
    <pre className="scroll preview-text" tabIndex={0}>
      {text}
      {blob.size > TEXT_SHOWN && `\n\n… ${bytes(blob.size - TEXT_SHOWN)} more: download the file to see them`}
    </pre>
  );
}

/** HTML in a page of its own without any rights: scripts draw, and reach nothing. */
function Frame({ html, title }: { html: string; title: string }) {
  const frame = useRef<HTMLIFrameElement>(null);
  useEffect(() => {
    const hand = (event: MessageEvent) => {
      const target = frame.current?.contentWindow;
      if (target && event.source === target && event.data === "lakeward-frame-ready") target.postMessage(html, "*");
    };
    window.addEventListener("message", hand);
    return () => window.removeEventListener("message", hand);
  }, [html]);
  return <iframe ref={frame} key={html} className="preview-frame paper" title={title} sandbox="allow-scripts" src="/artifact-frame" />;
}

function Json({ text }: { text: string }) {
  const parsed = useMemo(() => {
    try {
      return { value: JSON.parse(text) as unknown };
    } catch {
      return null;
    }
  }, [text]);
  const table = useMemo(() => parsed && tabular(parsed.value), [parsed]);
  if (table) return <Table table={table} />;
  const shown = parsed ? JSON.stringify(parsed.value, null, 2) : text;
  return (
    <pre className="scroll preview-text" tabIndex={0}>
      {shown.slice(0, TEXT_SHOWN)}
    </pre>
  );
}

/** A model's own description, and before it in a table what the model takes and gives. */
function Described({ text }: { text: string }) {
  const signature = useMemo(() => signatureOf(text), [text]);
  return (
    <div className="scroll preview-text" tabIndex={0} role="region" aria-label="Model description">
      {signature && (
        <table className="simple signature" aria-label="Signature">
          <thead>
            <tr>
              <th scope="col">Signature</th>
              <th scope="col">Type</th>
              <th scope="col">Shape</th>
              <th scope="col">Required</th>
            </tr>
          </thead>
          {(["inputs", "outputs", "params"] as const).map((part) =>
            signature[part].length === 0 ? null : (
              <tbody key={part}>
                <tr className="section">
                  <th scope="rowgroup" colSpan={4}>
                    {{ inputs: "Inputs", outputs: "Outputs", params: "Params" }[part]}
                  </th>
                </tr>
                {signature[part].map((field, at) => (
                  // Fields of tensors have no names.
                  // oxlint-disable-next-line react/no-array-index-key
                  <tr key={at}>
                    <th scope="row">{field.name || <span className="muted">without a name</span>}</th>
                    <td>
                      <code>{field.type}</code>
                    </td>
                    <td>{field.shape}</td>
                    <td>{"default" in field ? `no, it is ${String(field.default) || "empty"} by itself` : field.required ? "yes" : "no"}</td>
                  </tr>
                ))}
              </tbody>
            ),
          )}
        </table>
      )}
      <pre>{text}</pre>
    </div>
  );
}

function Delimited({ text, separator }: { text: string; separator: string }) {
  const table = useMemo<Tabular>(() => {
    const [columns = [], ...rows] = parseDelimited(text, separator, ROWS_SHOWN + 1);
    return { columns, rows };
  }, [text, separator]);
  return <Table table={table} />;
}

function Table({ table }: { table: Tabular }) {
  const numeric = useMemo(() => numericColumns(table), [table]);
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label="Table">
      <table className="data">
        <thead>
          <tr>
            {table.columns.map((name, column) => (
              <th key={name} scope="col" className={numeric[column] ? "numeric" : ""}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.slice(0, ROWS_SHOWN).map((row, at) => (
            // Rows have no identity but their place.
            // oxlint-disable-next-line react/no-array-index-key
            <tr key={at}>
              {table.columns.map((name, column) => (
                <td key={name} className={numeric[column] ? "numeric" : ""}>
                  {cell(row[column])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {table.rows.length > ROWS_SHOWN && <p className="muted preview-more">{table.rows.length - ROWS_SHOWN} more rows</p>}
    </div>
  );
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
