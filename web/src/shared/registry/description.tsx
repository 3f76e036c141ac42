import { useMutation } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { Button } from "~/ui/button";
import { toast, toastError } from "~/ui/toast";

const Markdown = lazy(() => import("~/shared/artifacts/markdown"));

interface Props {
  label: string;
  text: string;
  blocked: string | false;
  save: (text: string) => Promise<unknown>;
  changed: () => unknown;
}

/** A text in Markdown, written in place. */
export function Description({ label, text, blocked, save, changed }: Props) {
  const [draft, setDraft] = useState<string | null>(null);
  const keep = useMutation({
    mutationFn: (next: string) => save(next),
    onSuccess: () => {
      setDraft(null);
      toast("Description saved", () => void save(text).then(changed, toastError));
      return changed();
    },
    onError: toastError,
  });
  if (draft === null) {
    return (
      <div className="description">
        {text ? (
          <Suspense fallback={<p>{text}</p>}>
            <Markdown text={text} />
          </Suspense>
        ) : (
          <p className="muted">No description</p>
        )}
        <Button small kind="ghost" icon="edit" aria-label={`Edit ${label}`} blocked={blocked} onClick={() => setDraft(text)}>
          Edit
        </Button>
      </div>
    );
  }
  return (
    <form
      className="stack tight"
      onSubmit={(event) => {
        event.preventDefault();
        keep.mutate(draft);
      }}
    >
      <textarea
        aria-label={label}
        autoFocus
        rows={6}
        value={draft}
        onChange={(event) => setDraft(event.target.value)}
        onKeyDown={(event) => event.key === "Escape" && draft === text && setDraft(null)}
      />
      <div className="row">
        <Button small type="submit" kind="primary" blocked={keep.isPending && "Under way"}>
          Save
        </Button>
        <Button small kind="ghost" onClick={() => setDraft(null)}>
          Cancel
        </Button>
        <span className="hint">Markdown</span>
      </div>
    </form>
  );
}
