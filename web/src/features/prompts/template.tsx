/* oxlint-disable react/no-array-index-key -- these lists are never reordered */
import { Fragment, useMemo } from "react";
import type { Template } from "~/api/registry";

const VARIABLE = /(\{\{\s*[A-Za-z_][\w.]*\s*\}\})/;

/** The names of what a template leaves open, in the order in which they come. */
export function variablesOf(template: Template): string[] {
  const text = typeof template === "string" ? template : template.map((each) => each.content).join("\n");
  const found = text.match(new RegExp(VARIABLE, "g")) ?? [];
  return [...new Set(found.map((each) => each.replaceAll(/[{}\s]/g, "")))];
}

/** A template as one text, for comparing. */
export function asText(template: Template): string {
  if (typeof template === "string") return template;
  return template.map(({ role, content }) => `── ${role} ──\n${content}`).join("\n");
}

export function TemplateView({ template }: { template: Template }) {
  if (typeof template === "string") return <Marked text={template} />;
  return (
    <ol className="chat">
      {template.map((message, at) => (
        <li key={at} className={`bubble ${message.role}`}>
          <p className="bubble-role">{message.role}</p>
          <Marked text={message.content} />
        </li>
      ))}
    </ol>
  );
}

function Marked({ text }: { text: string }) {
  const parts = useMemo(() => text.split(VARIABLE), [text]);
  return (
    <pre className="template">
      {parts.map((part, at) => (at % 2 ? <mark key={at} className="variable">{part}</mark> : <Fragment key={at}>{part}</Fragment>))}
    </pre>
  );
}
