import DOMPurify from "dompurify";
import { Marked } from "marked";
import { useMemo } from "react";

/** HTML inside of Markdown is shown as it was written. */
const marked = new Marked({
  gfm: true,
  renderer: { html: ({ text }) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;") },
});

/** Markdown as HTML without anything that could run, load from elsewhere or look like the page around it. */
export default function Markdown({ text }: { text: string }) {
  const html = useMemo(
    () =>
      DOMPurify.sanitize(marked.parse(text, { async: false }), {
        USE_PROFILES: { html: true },
        FORBID_TAGS: ["style", "form", "input", "button", "iframe", "img", "video", "audio", "source"],
        FORBID_ATTR: ["style", "class", "id"],
      }),
    [text],
  );
  // The one place where HTML is set; it has been through the sanitiser on the line before.
  // oxlint-disable-next-line react/no-danger
  return <div className="markdown" dangerouslySetInnerHTML={{ __html: html }} />;
}
