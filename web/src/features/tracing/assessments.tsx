/** What people, judges and code say about a trace or a span, and saying it. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { addAssessment, changeAssessment, deleteAssessment, type Judgement } from "~/api/traces";
import type { Assessment, Json, SourceType } from "~/api/trace_types";
import { useSession } from "~/session";
import { useMayChange } from "~/shared/access/may";
import { decoded } from "~/shared/trace/brief";
import { Ago } from "~/ui/bits";
import { Button, IconButton } from "~/ui/button";
import { Icon, type IconName } from "~/ui/icons";
import { messageOf, toast, toastError } from "~/ui/toast";
import { isValid, kindOf, saidBriefly, toneOf, valueOf } from "./facts";

const SOURCES: Record<SourceType, { icon: IconName; word: string }> = {
  HUMAN: { icon: "user", word: "by" },
  LLM_JUDGE: { icon: "spark", word: "judge" },
  CODE: { icon: "tool", word: "code" },
  SOURCE_TYPE_UNSPECIFIED: { icon: "dot", word: "" },
};

/** One judgement in the space of a word. */
export function Verdict({ assessment, named = true }: { assessment: Assessment; named?: boolean }) {
  const value = valueOf(assessment);
  const error = assessment.feedback?.error?.error_message;
  const words = error ? "error" : saidBriefly(value);
  return (
    <span
      className={`verdict ${error ? "bad" : toneOf(value)} ${kindOf(assessment) === "expectation" ? "expected" : ""}`}
      title={[`${assessment.assessment_name}: ${words}`, error, assessment.rationale].filter(Boolean).join("\n")}
    >
      {named && <span className="verdict-name">{assessment.assessment_name}</span>}
      <b className="ellipsis">{words}</b>
    </span>
  );
}

interface Props {
  experiment: string;
  trace: string;
  /** Of this span; of the trace as a whole if missing. */
  span?: string;
  all: readonly Assessment[];
}

export function Assessments({ experiment, trace, span, all }: Props) {
  const readOnly = useMayChange(experiment);
  const [adding, setAdding] = useState(false);
  const [edited, setEdited] = useState<string | null>(null);
  const own = all.filter((each) => (each.span_id ?? "") === (span ?? "") && each.issue === undefined);
  const names = [...new Set([...all.map((each) => each.assessment_name), "correctness", "helpfulness", "relevance"])];
  return (
    <section className="judgements" aria-label="Assessments">
      <header className="row">
        <h3 className="grow">
          Assessments <span className="count">{own.length}</span>
        </h3>
        {!adding && (
          <Button small icon="plus" blocked={readOnly} onClick={() => setAdding(true)}>
            Assess
          </Button>
        )}
      </header>
      {own.map((each) =>
        edited === each.assessment_id ? (
          <Form key={each.assessment_id} trace={trace} span={span} names={names} before={each} onClose={() => setEdited(null)} />
        ) : (
          <Line key={each.assessment_id} trace={trace} assessment={each} readOnly={readOnly} onEdit={() => setEdited(each.assessment_id)} />
        ),
      )}
      {adding && <Form trace={trace} span={span} names={names} onClose={() => setAdding(false)} />}
    </section>
  );
}

interface LineProps {
  trace: string;
  assessment: Assessment;
  readOnly: string | false;
  onEdit: () => void;
}

function Line({ trace, assessment, readOnly, onEdit }: LineProps) {
  const queries = useQueryClient();
  const changed = () => queries.invalidateQueries({ queryKey: ["traces"] });
  const source = SOURCES[assessment.source.source_type] ?? SOURCES.SOURCE_TYPE_UNSPECIFIED;
  const kind = kindOf(assessment) === "expectation" ? "expectation" : "feedback";
  const remove = useMutation({
    mutationFn: () => deleteAssessment(trace, assessment.assessment_id),
    onSuccess: () => {
      const again = { name: assessment.assessment_name, kind, value: valueOf(assessment), rationale: assessment.rationale ?? "" } as const;
      const by = { type: assessment.source.source_type, id: assessment.source.source_id };
      toast(`${assessment.assessment_name} deleted`, () => void addAssessment(trace, again, by, assessment.span_id).then(changed, toastError));
      return changed();
    },
    onError: toastError,
  });
  const error = assessment.feedback?.error;
  return (
    <article className={isValid(assessment) ? "judgement" : "judgement overridden"} aria-label={assessment.assessment_name}>
      <div className="row">
        <Verdict assessment={assessment} />
        {kind === "expectation" && <span className="muted small">expected</span>}
        {!isValid(assessment) && <span className="muted small">overridden</span>}
        <span className="row judged-by">
          <span className="muted small row judge" title={`${source.word} ${assessment.source.source_id}`}>
            <Icon name={source.icon} size={12} /> <span className="ellipsis">{assessment.source.source_id}</span>
          </span>
          <span className="muted small">
            <Ago ms={Date.parse(assessment.last_update_time)} />
          </span>
          <IconButton small icon="edit" label={`Edit ${assessment.assessment_name}`} blocked={readOnly} onClick={onEdit} />
          <IconButton small icon="trash" label={`Delete ${assessment.assessment_name}`} blocked={readOnly} onClick={() => remove.mutate()} />
        </span>
      </div>
      {error && (
        <p className="judgement-error">
          {error.error_code} {error.error_message}
        </p>
      )}
      {assessment.rationale && <p className="rationale">{assessment.rationale}</p>}
    </article>
  );
}

type Shape = "thumbs" | "score" | "text";

function shapeOf(value: Json): Shape {
  return typeof value === "boolean" || value === "yes" || value === "no" ? "thumbs" : typeof value === "number" ? "score" : "text";
}

interface FormProps {
  trace: string;
  span?: string;
  names: readonly string[];
  before?: Assessment;
  onClose: () => void;
}

function Form({ trace, span, names, before, onClose }: FormProps) {
  const { who } = useSession();
  const queries = useQueryClient();
  const list = useId();
  const old = before && valueOf(before);
  const [name, setName] = useState(before?.assessment_name ?? "");
  const [kind, setKind] = useState<Judgement["kind"]>(before && kindOf(before) === "expectation" ? "expectation" : "feedback");
  const [shape, setShape] = useState<Shape>(old === undefined ? "thumbs" : shapeOf(old));
  const [thumb, setThumb] = useState<boolean | null>(old === undefined ? null : toneOf(old) === "ok" ? true : toneOf(old) === "bad" ? false : null);
  const oldText = old === undefined || typeof old === "boolean" ? "" : typeof old === "string" ? old : JSON.stringify(old);
  const [text, setText] = useState(oldText);
  const [rationale, setRationale] = useState(before?.rationale ?? "");
  const value = said(shape, kind, thumb, text);
  const save = useMutation({
    mutationFn: async () => {
      const judgement: Judgement = { name: name.trim(), kind, value: value as Json, rationale: rationale.trim() };
      if (before) await changeAssessment(trace, before.assessment_id, judgement);
      else await addAssessment(trace, judgement, { type: "HUMAN", id: who.name }, span);
    },
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["traces"] });
      onClose();
    },
  });
  const written = text !== oldText || rationale !== (before?.rationale ?? "");
  const blocked = !name.trim() ? "Say what you judge" : value === undefined ? "Say your judgement" : save.isPending ? "Under way" : "";
  return (
    // The keys belong to the fields inside; this only hears them on their way up.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <form
      className="judgement-form"
      aria-label={before ? `Edit ${before.assessment_name}` : "Assess"}
      onSubmit={(event) => {
        event.preventDefault();
        if (!blocked) save.mutate();
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape" && !written) onClose();
        if (event.key === "Enter" && (event.metaKey || event.ctrlKey) && !blocked) save.mutate();
      }}
    >
      <div className="row wrap">
        <input aria-label="What is judged" placeholder="correctness" list={list} autoFocus={!before} value={name} onChange={(event) => setName(event.target.value)} />
        <datalist id={list}>
          {names.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </datalist>
        <Choice label="Kind" value={kind} onChange={setKind} options={{ feedback: "Feedback", expectation: "Expectation" }} />
        <Choice label="Judged by" value={shape} onChange={setShape} options={{ thumbs: "Thumbs", score: "Score", text: "Text" }} />
      </div>
      <div className="row">
        {shape === "thumbs" ? (
          <div className="segments" role="group" aria-label="Judgement">
            <Button icon="thumb" aria-pressed={thumb === true} onClick={() => setThumb(true)}>
              Yes
            </Button>
            <Button icon="thumb" className="upside-down" aria-pressed={thumb === false} onClick={() => setThumb(false)}>
              No
            </Button>
          </div>
        ) : (
          <input
            aria-label={shape === "score" ? "Score" : kind === "expectation" ? "Expected" : "Judgement"}
            inputMode={shape === "score" ? "decimal" : "text"}
            placeholder={shape === "score" ? "0.8" : kind === "expectation" ? "What should have come out; text or JSON" : "excellent"}
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        )}
      </div>
      <textarea aria-label="Why" placeholder="Why? (optional)" rows={2} value={rationale} onChange={(event) => setRationale(event.target.value)} />
      {save.error && (
        <p className="judgement-error" role="alert">
          {messageOf(save.error)}
        </p>
      )}
      <div className="row">
        <Button small type="submit" kind="primary" blocked={blocked}>
          Save
        </Button>
        <Button small kind="ghost" onClick={onClose}>
          Cancel
        </Button>
      </div>
    </form>
  );
}

/** What the form says; undefined while it says nothing yet. */
function said(shape: Shape, kind: Judgement["kind"], thumb: boolean | null, text: string): Json | undefined {
  if (shape === "thumbs") return thumb ?? undefined;
  const words = text.trim();
  if (!words) return undefined;
  if (shape === "score") return Number.isFinite(Number(words)) ? Number(words) : undefined;
  return (kind === "expectation" && /^[[{]/.test(words) ? decoded(words) : undefined) ?? words;
}

interface ChoiceProps<T extends string> {
  label: string;
  value: T;
  options: Record<T, string>;
  onChange: (value: T) => void;
}

function Choice<T extends string>({ label, value, options, onChange }: ChoiceProps<T>) {
  return (
    <div className="segments" role="group" aria-label={label}>
      {(Object.keys(options) as T[]).map((each) => (
        <Button key={each} small aria-pressed={each === value} onClick={() => onChange(each)}>
          {options[each]}
        </Button>
      ))}
    </div>
  );
}
