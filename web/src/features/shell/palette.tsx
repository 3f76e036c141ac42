import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useMemo, useRef, useState } from "react";
import type { FoundObject } from "~/api/find";
import type { RegisteredModel } from "~/api/registry";
import { count, splitName } from "~/format";
import { inExplorer, paths } from "~/links";
import { DEFAULT_WORKSPACE, useSession } from "~/session";
import { briefly } from "~/shared/trace/brief";
import { setTheme } from "~/theme";
import { useDebounced } from "~/ui/bits";
import { Icon, type IconName } from "~/ui/icons";
import { findHolding, findNamed, type Holding, type Named } from "./find";

const SETTINGS = [
  ["tokens", "Access tokens"],
  ["users", "Users"],
  ["groups", "Groups"],
  ["services", "Service principals"],
  ["secrets", "Secrets"],
  ["webhooks", "Webhooks"],
  ["audit", "Audit log"],
  ["system", "System health"],
] as const;

const OBJECTS: Record<FoundObject["kind"], { icon: IconName; word: string }> = {
  experiment: { icon: "flask", word: "experiment" },
  run: { icon: "chart", word: "run" },
  logged_model: { icon: "cube", word: "model" },
  trace: { icon: "trace", word: "trace" },
  session: { icon: "prompt", word: "session" },
};

/** As much of an id as lists show. */
const shortId = ({ kind, id }: FoundObject) => id.slice(0, { experiment: 18, run: 8, logged_model: 10, trace: 11, session: 40 }[kind]);

interface Choice {
  id: string;
  icon: IconName;
  name: string;
  hint: string;
  go: () => void;
}

export function Palette({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const words = useDebounced(text.trim(), 120);
  const ref = useRef<HTMLDialogElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const found = useQuery({
    queryKey: ["palette", words],
    queryFn: ({ signal }) => findNamed(words, signal),
    placeholderData: keepPreviousData,
  });
  // Texts take longer than names, which do not wait for them.
  const holding = useQuery({
    queryKey: ["palette", "holding", words],
    queryFn: ({ signal }) => findHolding(words, signal),
    placeholderData: keepPreviousData,
  });
  const choices = useChoices(found.data, holding.data, text.trim().toLowerCase(), onClose);

  useEffect(() => {
    ref.current?.showModal();
  }, []);
  useEffect(() => setAt(0), [words]);
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  });

  const key = (event: React.KeyboardEvent) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      setAt((at + step + choices.length) % Math.max(1, choices.length));
    } else if (event.key === "Enter") {
      event.preventDefault();
      choices[at]?.go();
    }
  };

  return (
    <dialog
      ref={ref}
      className="palette"
      aria-label="Find"
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onPointerDown={(event) => event.target === ref.current && onClose()}
    >
      <div className="palette-field">
        <Icon name="search" />
        <input
          role="combobox"
          aria-expanded="true"
          aria-controls="palette-list"
          aria-activedescendant={choices[at] ? `palette-${choices[at].id}` : undefined}
          aria-label="Find anything"
          placeholder="Find experiments, runs, models, prompts, traces, ids"
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={key}
        />
        <kbd>esc</kbd>
      </div>
      <ul id="palette-list" role="listbox" aria-label="Found" ref={list}>
        {choices.map((choice, index) => (
          // Keys are handled by the field above, which keeps the focus.
          <li
            key={choice.id}
            id={`palette-${choice.id}`}
            role="option"
            aria-selected={index === at}
            onPointerMove={() => setAt(index)}
            onClick={choice.go}
            onKeyDown={key}
          >
            <Icon name={choice.icon} />
            <span className="ellipsis">{choice.name}</span>
            <span className="muted ellipsis hint">{choice.hint}</span>
          </li>
        ))}
      </ul>
      {typeof holding.data?.readOnly === "number" && (
        <p className="palette-note muted small">Words in traces: looked for in the {count(holding.data.readOnly, "experiment")} that changed last.</p>
      )}
      {choices.length === 0 && <p className="palette-none">{found.isFetching || holding.isFetching ? "Looking…" : "Nothing has that name."}</p>}
    </dialog>
  );
}

function useChoices(found: Named | undefined, holding: Holding | undefined, words: string, close: () => void): Choice[] {
  const navigate = useNavigate();
  const { who } = useSession();
  return useMemo(() => {
    const to = (go: () => unknown) => () => {
      close();
      void go();
    };
    const open = ({ kind, id, experiment_id }: FoundObject) => {
      if (kind === "experiment") return navigate({ to: paths.experiment, params: { experimentId: experiment_id } });
      if (kind === "run") return navigate({ to: paths.run, params: { experimentId: experiment_id, runId: id } });
      if (kind === "logged_model") return navigate({ to: paths.model, params: { experimentId: experiment_id, modelId: id } });
      if (kind === "session") return navigate({ to: paths.session, params: { experimentId: experiment_id, sessionId: id } });
      return navigate({ to: paths.trace, params: { experimentId: experiment_id, traceId: id } });
    };
    const experiments = (found?.experiments ?? []).map<Choice>(({ id, name }) => ({
      id: `e${id}`,
      icon: "flask",
      name: splitName(name).leaf,
      hint: splitName(name).folder || "experiment",
      go: to(() => navigate({ to: paths.experiment, params: { experimentId: id } })),
    }));
    const known = new Set(found?.objects.map((each) => each.id));
    const sessions = holding?.sessions.filter((each) => !known.has(each.id)) ?? [];
    const objects = [...(found?.objects ?? []), ...sessions].map<Choice>((each) => ({
      id: `${each.kind} ${each.experiment_id} ${each.id}`.replaceAll(/[^\w-]/g, "_"),
      icon: OBJECTS[each.kind].icon,
      name: each.name || each.id,
      hint: [OBJECTS[each.kind].word, each.id === each.name ? "" : shortId(each), splitName(each.experiment_name).leaf].filter(Boolean).join(" · "),
      go: to(() => open(each)),
    }));
    const registered = (kind: "model" | "prompt") => (each: RegisteredModel) => ({
      id: `${kind} ${each.name}`.replaceAll(/[^\w-]/g, "_"),
      icon: kind === "model" ? ("layers" as const) : ("prompt" as const),
      name: each.name,
      hint: kind === "model" ? "registered model" : "prompt",
      go: to(() => navigate({ to: kind === "model" ? paths.registered : paths.prompt, params: { name: each.name } })),
    });
    const held = holding?.traces.filter((each) => !known.has(each.trace_id)) ?? [];
    const traces = held.map<Choice>((each) => ({
      id: each.trace_id,
      icon: "trace",
      name: briefly(each.request_preview).slice(0, 120) || each.trace_id,
      hint: `trace ${each.tags?.["mlflow.traceName"] ?? each.trace_id.slice(0, 11)}`,
      go: to(() =>
        navigate({
          to: paths.trace,
          params: { experimentId: each.trace_location.mlflow_experiment.experiment_id, traceId: each.trace_id },
        }),
      ),
    }));
    const catalog = (found?.catalog ?? []).map<Choice>((each) => ({
      id: `${each.kind} ${each.full_name}`.replaceAll(/[^\w-]/g, "_"),
      icon: each.kind === "schema" || each.kind === "table" || each.kind === "volume" || each.kind === "function" ? each.kind : "catalog",
      name: each.full_name,
      hint: each.kind,
      go: to(() => navigate({ to: inExplorer(each.kind, each.full_name) })),
    }));
    const actions: Choice[] = [
      { id: "home", icon: "home", name: "Home", hint: "go to", go: to(() => navigate({ to: paths.home })) },
      { id: "all", icon: "flask", name: "All experiments", hint: "go to", go: to(() => navigate({ to: paths.experiments })) },
      { id: "traces", icon: "trace", name: "Traces of all experiments", hint: "go to", go: to(() => navigate({ to: paths.allTraces })) },
      { id: "all-models", icon: "layers", name: "All models", hint: "go to", go: to(() => navigate({ to: paths.registry })) },
      { id: "all-prompts", icon: "prompt", name: "All prompts", hint: "go to", go: to(() => navigate({ to: paths.prompts })) },
      { id: "catalog", icon: "catalog", name: "Catalog", hint: "go to", go: to(() => navigate({ to: paths.catalog })) },
      { id: "settings", icon: "settings", name: "Settings", hint: "go to", go: to(() => navigate({ to: paths.settings })) },
      ...SETTINGS.map(([tab, name]): Choice => ({
        id: `settings-${tab}`,
        icon: "settings",
        name,
        hint: "settings",
        go: to(() => navigate({ to: paths.settings, search: { tab } })),
      })),
      ...who.workspaces.map((each): Choice => ({
        id: `workspace-${each.id}`,
        icon: "layers",
        name: each.name,
        hint: "workspace",
        go: to(() => navigate({ to: paths.home, search: { workspace: each.name === DEFAULT_WORKSPACE ? undefined : each.name, o: undefined } })),
      })),
      { id: "light", icon: "sun", name: "Light colours", hint: "switch", go: to(() => setTheme("light")) },
      { id: "dark", icon: "moon", name: "Dark colours", hint: "switch", go: to(() => setTheme("dark")) },
    ];
    // Five are shown here, and a list of traces shows all.
    const all: Choice[] = held.length > 0 ? [{ id: "all-traces", icon: "trace", name: `All traces with “${words}”`, hint: "go to", go: to(() => navigate({ to: paths.allTraces, search: { q: words } })) }] : [];
    const shown = words ? actions.filter((each) => each.name.toLowerCase().includes(words)) : actions.slice(0, 7);
    return [
      ...experiments,
      ...(found?.registered ?? []).map(registered("model")),
      ...(found?.prompts ?? []).map(registered("prompt")),
      ...catalog,
      ...objects,
      ...traces,
      ...all,
      ...shown,
    ];
  }, [found, holding, words, close, navigate, who]);
}
