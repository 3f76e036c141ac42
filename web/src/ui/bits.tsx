/** Small things that every page is made of. */

import { type ReactNode, useEffect, useRef, useState } from "react";
import { ApiError } from "~/api/client";
import type { RunStatus } from "~/api/types";
import { ago, time } from "~/format";
import { Button, IconButton } from "./button";
import { Icon, type IconName } from "./icons";
import { messageOf } from "./toast";

const STATUS: Record<RunStatus, { word: string; tone: string }> = {
  RUNNING: { word: "Running", tone: "run" },
  SCHEDULED: { word: "Scheduled", tone: "warn" },
  FINISHED: { word: "Finished", tone: "ok" },
  FAILED: { word: "Failed", tone: "bad" },
  KILLED: { word: "Killed", tone: "bad" },
};

export function Status({ status, plain }: { status: RunStatus; plain?: boolean }) {
  const { word, tone } = STATUS[status] ?? { word: status, tone: "" };
  return (
    <span className={plain ? `status ${tone}` : `status pill ${tone}`}>
      <span className="dot" />
      {word}
    </span>
  );
}

export function Tag({ name, value, onRemove, removing = `Remove tag ${name}` }: { name: string; value?: string; onRemove?: () => void; removing?: string }) {
  return (
    <span className="tag" title={value ? `${name}: ${value}` : name}>
      <span className="tag-text">
        <span className="tag-key">{name}</span>
        {value && <span className="tag-value">{value}</span>}
      </span>
      {onRemove && (
        <button type="button" aria-label={removing} onClick={onRemove}>
          <Icon name="close" size={10} />
        </button>
      )}
    </span>
  );
}

/** A time as people say it; the exact one on hover. */
export function Ago({ ms }: { ms: number }) {
  return (
    <time dateTime={new Date(ms).toISOString()} title={time(ms)}>
      {ago(ms)}
    </time>
  );
}

export function Copy({ text, label = "Copy" }: { text: string; label?: string }) {
  const [done, setDone] = useState(false);
  useEffect(() => {
    if (!done) return;
    const timer = setTimeout(() => setDone(false), 1_500);
    return () => clearTimeout(timer);
  }, [done]);
  const copy = () => {
    void copyText(text).then(() => setDone(true));
  };
  return <IconButton small icon={done ? "check" : "copy"} label={done ? "Copied" : label} onClick={copy} />;
}

export async function copyText(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = document.createElement("textarea"); // plain http on a host that is not this machine
  field.value = text;
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}

export function Snippet({ code, label }: { code: string; label: string }) {
  return (
    <figure className="snippet">
      <figcaption className="row">
        <span className="grow">{label}</span>
        <Copy text={code} label={`Copy ${label}`} />
      </figcaption>
      <pre tabIndex={0}>
        <code>{code}</code>
      </pre>
    </figure>
  );
}

interface EmptyProps {
  icon: IconName;
  title: string;
  children?: ReactNode;
}

export function Empty({ icon, title, children }: EmptyProps) {
  return (
    <div className="empty">
      <span className="empty-icon">
        <Icon name={icon} size={22} />
      </span>
      <h2>{title}</h2>
      {children}
    </div>
  );
}

interface FailureProps {
  error: unknown;
  retry?: () => void;
  /** Where to go on from something that is not there. */
  back?: ReactNode;
}

/** What went wrong, in the server's words, and what can be done about it. */
export function Failure({ error, retry, back }: FailureProps) {
  const known = error instanceof ApiError ? error : null;
  const missing = known?.status === 404;
  return (
    <div role="alert">
      <Empty icon="warn" title={missing ? "Not found" : known?.status === 403 ? "No access" : "That did not work"}>
        <p>{messageOf(error)}</p>
        {missing && back && <p className="muted">It may have been deleted for good, or lie in another workspace.</p>}
        {known?.requestId && <p className="muted">Request {known.requestId}</p>}
        {missing && back}
        {retry && !missing && (
          <Button icon="restore" onClick={retry}>
            Try again
          </Button>
        )}
      </Empty>
    </div>
  );
}

/** Grey bars where rows will be, so that nothing jumps when they come. */
export function Loading({ rows = 8 }: { rows?: number }) {
  return (
    <div className="skeleton" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, index) => (
        <span key={index} style={{ width: `${88 - ((index * 37) % 45)}%` }} />
      ))}
    </div>
  );
}

interface TabsProps<T extends string> {
  label: string;
  tabs: readonly { id: T; name: string; count?: number }[];
  value: T;
  onChange: (id: T) => void;
}

export function Tabs<T extends string>({ label, tabs, value, onChange }: TabsProps<T>) {
  const move = (event: React.KeyboardEvent) => {
    if (event.key !== "ArrowRight" && event.key !== "ArrowLeft") return;
    const at = tabs.findIndex((tab) => tab.id === value);
    const next = tabs[(at + (event.key === "ArrowRight" ? 1 : -1) + tabs.length) % tabs.length];
    if (next) {
      onChange(next.id);
      (event.currentTarget.querySelector(`[data-tab="${next.id}"]`) as HTMLElement | null)?.focus();
    }
  };
  const row = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // On a narrow screen the chosen one may be out of sight.
    row.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [value]);
  return (
    <div className="tabs" ref={row} role="tablist" aria-label={label} tabIndex={-1} onKeyDown={move}>
      {tabs.map((tab) => (
        <button
          key={tab.id}
          type="button"
          role="tab"
          data-tab={tab.id}
          aria-selected={tab.id === value}
          tabIndex={tab.id === value ? 0 : -1}
          onClick={() => onChange(tab.id)}
        >
          {tab.name}
          {tab.count !== undefined && <span className="count">{tab.count}</span>}
        </button>
      ))}
    </div>
  );
}

/** Runs while the component is there, and stops listening with it. */
export function useTitle(title: string | undefined): void {
  useEffect(() => {
    document.title = title ? `${title} · Lakeward` : "Lakeward";
  }, [title]);
}

export function useDebounced<T>(value: T, ms = 200): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return settled;
}

/** True where a key press belongs to what is being typed. */
export function typing(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement | null;
  return Boolean(target?.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable], dialog")) || event.metaKey || event.ctrlKey || event.altKey;
}
