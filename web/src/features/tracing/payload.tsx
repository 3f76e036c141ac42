/** What went into a span and what came out: as a conversation, as Markdown, or as JSON. */
/* oxlint-disable react/no-array-index-key -- these lists are never reordered */

import { lazy, Suspense, useId, useMemo, useState, useSyncExternalStore } from "react";
import type { Json } from "~/api/trace_types";
import { JsonView } from "~/shared/json_view";
import { Copy } from "~/ui/bits";
import { Button } from "~/ui/button";
import { Icon } from "~/ui/icons";
import { type Message, messagesOf, type ToolCall, toolsOf } from "./messages";

const Markdown = lazy(() => import("~/shared/artifacts/markdown"));

export type View = "pretty" | "text" | "json";
const VIEWS: readonly { id: View; name: string; title: string }[] = [
  { id: "pretty", name: "Chat", title: "Messages as a conversation, text as Markdown" },
  { id: "text", name: "Text", title: "Text as it was written" },
  { id: "json", name: "JSON", title: "Everything as it came" },
];
const KEY = "lakeward.payload";
const listeners = new Set<() => void>();

/** How payloads are shown, everywhere in this browser. */
function view(): View {
  const kept = localStorage.getItem(KEY);
  return VIEWS.find((each) => each.id === kept)?.id ?? "pretty";
}

function useView(): View {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, view);
}

export function ViewSwitch() {
  const chosen = useView();
  return (
    <div className="segments" role="group" aria-label="Show inputs and outputs as">
      {VIEWS.map((each) => (
        <Button
          key={each.id}
          small
          title={each.title}
          aria-pressed={each.id === chosen}
          onClick={() => {
            localStorage.setItem(KEY, each.id);
            for (const listener of listeners) listener();
          }}
        >
          {each.name}
        </Button>
      ))}
    </div>
  );
}

const asText = (value: Json): string => (typeof value === "string" ? value : JSON.stringify(value, null, 2));

interface PayloadProps {
  title: string;
  value: Json | undefined;
  /** Of `{"question": "…"}` the key is shown too. */
  keyed?: boolean;
}

export function Payload({ title, value, keyed = true }: PayloadProps) {
  const chosen = useView();
  const id = useId();
  const [open, setOpen] = useState(true);
  if (value === undefined || value === null) return null;
  return (
    <section className="payload" aria-label={title}>
      <header className="row">
        <button type="button" className="payload-title" aria-expanded={open} aria-controls={id} onClick={() => setOpen(!open)}>
          <Icon name={open ? "down" : "right"} size={12} />
          <h3>{title}</h3>
        </button>
        <span className="grow" />
        <Copy text={asText(value)} label={`Copy ${title.toLowerCase()}`} />
      </header>
      {open && (
        <div id={id} className="payload-body">
          {chosen === "json" ? <JsonView value={value} /> : <Pretty value={value} plain={chosen === "text"} keyed={keyed} />}
        </div>
      )}
    </section>
  );
}

function Pretty({ value, plain, keyed }: { value: Json; plain: boolean; keyed: boolean }) {
  const messages = useMemo(() => messagesOf(value), [value]);
  const tools = useMemo(() => toolsOf(value), [value]);
  if (messages) {
    return (
      <>
        {tools.length > 0 && <Tools tools={tools} />}
        <Conversation messages={messages} plain={plain} />
      </>
    );
  }
  if (typeof value === "string") return <Prose text={value} plain={plain} />;
  const only = onlyText(value);
  if (only) {
    return (
      <>
        {keyed && <p className="payload-key mono">{only[0]}</p>}
        <Prose text={only[1]} plain={plain} />
      </>
    );
  }
  return <JsonView value={value} />;
}

/** `{"question": "…"}` is read as its text. */
function onlyText(value: Json): [string, string] | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const entries = Object.entries(value);
  const [first] = entries;
  return entries.length === 1 && first && typeof first[1] === "string" ? [first[0], first[1]] : null;
}

const LONG = 20_000;

function Prose({ text, plain }: { text: string; plain: boolean }) {
  const [whole, setWhole] = useState(false);
  const shown = whole ? text : text.slice(0, LONG);
  return (
    <div className="prose">
      {plain ? (
        <pre className="prose-plain">{shown}</pre>
      ) : (
        <Suspense fallback={<p className="prose-wait">{shown}</p>}>
          <Markdown text={shown} />
        </Suspense>
      )}
      {shown.length < text.length && (
        <Button small onClick={() => setWhole(true)}>
          Show all {text.length.toLocaleString("en-US")} characters
        </Button>
      )}
    </div>
  );
}

const MANY = 60;

export function Conversation({ messages, plain = false }: { messages: readonly Message[]; plain?: boolean }) {
  const [all, setAll] = useState(false);
  const hidden = all ? 0 : Math.max(0, messages.length - MANY);
  return (
    <ol className="chat">
      {hidden > 0 && (
        <li>
          <Button small onClick={() => setAll(true)}>
            Show {hidden} earlier messages
          </Button>
        </li>
      )}
      {messages.slice(hidden).map((message, at) => (
        <Bubble key={hidden + at} message={message} plain={plain} />
      ))}
    </ol>
  );
}

const FOLDED = 1_500;

function Bubble({ message, plain }: { message: Message; plain: boolean }) {
  const system = message.role === "system" || message.role === "developer";
  const [open, setOpen] = useState(!system || message.text.length < 400);
  const [whole, setWhole] = useState(message.text.length < FOLDED * 1.5);
  const text = whole ? message.text : message.text.slice(0, FOLDED);
  return (
    <li className={`bubble ${message.role}`}>
      <p className="bubble-role">
        {message.role}
        {message.name && <span className="muted"> {message.name}</span>}
        {message.answers && <code className="muted"> {message.answers}</code>}
        {system && !open && (
          <Button small kind="ghost" onClick={() => setOpen(true)}>
            Show
          </Button>
        )}
      </p>
      {open && (
        <>
          {text && <Prose text={text} plain={plain} />}
          {!whole && (
            <Button small kind="ghost" onClick={() => setWhole(true)}>
              Show the rest
            </Button>
          )}
          {message.data !== undefined && <JsonView value={message.data} />}
          {message.media.map((each, at) => (
            <Media key={at} {...each} />
          ))}
          {message.calls.map((call, at) => (
            <Call key={call.id || at} call={call} />
          ))}
        </>
      )}
    </li>
  );
}

function Call({ call }: { call: ToolCall }) {
  return (
    <div className="tool-call">
      <p className="row">
        <Icon name="tool" size={13} />
        <b className="mono">{call.name}</b>
        <code className="muted ellipsis">{call.id}</code>
      </p>
      {typeof call.arguments === "string" ? <pre className="prose-plain">{call.arguments}</pre> : <JsonView value={call.arguments} />}
    </div>
  );
}

/** Pictures that came along are shown; nothing is loaded from another address. */
function Media({ kind, source }: { kind: string; source: string }) {
  if (/^data:image\/(png|jpeg|gif|webp);base64,/.test(source)) return <img className="bubble-image" src={source} alt="In the message" />;
  return (
    <p className="muted mono ellipsis" title={source.slice(0, 300)}>
      [{kind}] {source.slice(0, 120)}
    </p>
  );
}

function Tools({ tools }: { tools: ReturnType<typeof toolsOf> }) {
  const [open, setOpen] = useState(false);
  return (
    <div className="tools">
      <Button small kind="ghost" icon="tool" aria-expanded={open} onClick={() => setOpen(!open)}>
        {tools.length} {tools.length === 1 ? "tool" : "tools"}: {tools.slice(0, 4).map((tool) => tool.name).join(", ")}
        {tools.length > 4 ? "…" : ""}
      </Button>
      {open &&
        tools.map((tool) => (
          <div key={tool.name} className="tool-call">
            <b className="mono">{tool.name}</b>
            <p className="muted">{tool.description}</p>
            <JsonView value={tool.schema} />
          </div>
        ))}
    </div>
  );
}
