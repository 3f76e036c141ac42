import { useSyncExternalStore } from "react";
import { ApiError } from "~/api/client";
import { Button, IconButton } from "./button";

interface Toast {
  id: number;
  text: string;
  bad: boolean;
  action?: { label: string; run: () => void };
}

const SECONDS = 8;
let toasts: readonly Toast[] = [];
let last = 0;
const listeners = new Set<() => void>();

function show(next: readonly Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

function add(given: Omit<Toast, "id">): void {
  last += 1;
  const id = last;
  show([...toasts.slice(-3), { ...given, id }]);
  setTimeout(() => dismiss(id), SECONDS * 1_000 * (given.bad ? 2 : 1));
}

function dismiss(id: number): void {
  show(toasts.filter((each) => each.id !== id));
}

/** Say what was done, and offer to take it back. */
export function toast(text: string, undo?: () => void): void {
  add({ text, bad: false, action: undo && { label: "Undo", run: undo } });
}

export function toastError(error: unknown): void {
  add({ text: messageOf(error), bad: true });
}

export function messageOf(error: unknown): string {
  if (error instanceof ApiError) return error.message;
  return error instanceof Error ? error.message : String(error);
}

export function Toasts() {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => toasts,
  );
  return (
    <div className="toasts" role="status" aria-live="polite">
      {shown.map((each) => (
        <div key={each.id} className={each.bad ? "toast bad" : "toast"}>
          <span className="grow">{each.text}</span>
          {each.action && (
            <Button
              small
              kind="ghost"
              onClick={() => {
                dismiss(each.id);
                each.action?.run();
              }}
            >
              {each.action.label}
            </Button>
          )}
          <IconButton small icon="close" label="Dismiss" onClick={() => dismiss(each.id)} />
        </div>
      ))}
    </div>
  );
}
