import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useMemo, useRef, useState } from "react";
import { get } from "~/api/client";
import { searchExperiments } from "~/api/experiments";
import { searchRuns } from "~/api/runs";
import type { LoggedModel, Run } from "~/api/types";
import { splitName } from "~/format";
import { paths } from "~/links";
import { setTheme } from "~/theme";
import { useDebounced } from "~/ui/bits";
import { Icon, type IconName } from "~/ui/icons";

interface Choice {
  id: string;
  icon: IconName;
  name: string;
  hint: string;
  go: () => void;
}

interface Found {
  experiments: { id: string; name: string }[];
  runs: Run[];
  models: LoggedModel[];
}

const SEARCHED_EXPERIMENTS = 20;

/** By name: experiments anywhere, runs in the most recent experiments. By id: any run or model. */
async function find(words: string, signal: AbortSignal): Promise<Found> {
  const recent = searchExperiments({ order: "last_update_time DESC", limit: SEARCHED_EXPERIMENTS }, signal);
  const named = words ? searchExperiments({ text: words, limit: 8, order: "last_update_time DESC" }, signal) : recent;
  const run = /^[0-9a-f]{32}$/.test(words) ? byId<{ run: Run }>(`/api/2.0/mlflow/runs/get?run_id=${words}`, signal) : null;
  const model = /^m-[0-9a-f]{32}$/.test(words)
    ? byId<{ model: LoggedModel }>(`/api/2.0/mlflow/logged-models/${words}`, signal)
    : null;
  const experiments = (await named).experiments.slice(0, 8);
  const places = (await recent).experiments.map((each) => each.experiment_id);
  const runs =
    places.length && !run && !model
      ? (await searchRuns({ experiments: places, filter: nameFilter(words), order: "", view: "ACTIVE_ONLY" }, 8, undefined, signal)).runs
      : [];
  const [exactRun, exactModel] = [await run, await model];
  return {
    experiments: experiments.map((each) => ({ id: each.experiment_id, name: each.name })),
    runs: exactRun ? [exactRun.run] : runs,
    models: exactModel ? [exactModel.model] : [],
  };
}

function nameFilter(words: string): string {
  return words && `attributes.run_name ILIKE '%${words.replaceAll("'", "''")}%'`;
}

async function byId<T>(path: string, signal: AbortSignal): Promise<T | null> {
  return get<T>(path, undefined, { signal }).catch(() => null);
}

export function Palette({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const words = useDebounced(text.trim(), 120);
  const ref = useRef<HTMLDialogElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const found = useQuery({
    queryKey: ["palette", words],
    queryFn: ({ signal }) => find(words, signal),
    placeholderData: keepPreviousData,
  });
  const choices = useChoices(found.data, text.trim().toLowerCase(), onClose);

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
          aria-label="Find experiments and runs"
          placeholder="Find experiments, runs, ids, actions"
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
      {choices.length === 0 && <p className="palette-none">{found.isFetching ? "Looking…" : "Nothing has that name."}</p>}
    </dialog>
  );
}

function useChoices(found: Found | undefined, words: string, close: () => void): Choice[] {
  const navigate = useNavigate();
  return useMemo(() => {
    const to = (go: () => unknown) => () => {
      close();
      void go();
    };
    const experiments = (found?.experiments ?? []).map<Choice>(({ id, name }) => ({
      id: `e${id}`,
      icon: "flask",
      name: splitName(name).leaf,
      hint: splitName(name).folder || "experiment",
      go: to(() => navigate({ to: paths.experiment, params: { experimentId: id } })),
    }));
    const runs = (found?.runs ?? []).map<Choice>(({ info }) => ({
      id: info.run_id,
      icon: "chart",
      name: info.run_name || info.run_id,
      hint: `run ${info.run_id.slice(0, 8)}`,
      go: to(() =>
        navigate({ to: paths.run, params: { experimentId: info.experiment_id, runId: info.run_id } }),
      ),
    }));
    const models = (found?.models ?? []).map<Choice>(({ info }) => ({
      id: info.model_id,
      icon: "cube",
      name: info.name,
      hint: info.model_id,
      go: to(() =>
        navigate({ to: paths.model, params: { experimentId: info.experiment_id, modelId: info.model_id } }),
      ),
    }));
    const actions: Choice[] = [
      { id: "home", icon: "home", name: "Home", hint: "go to", go: to(() => navigate({ to: paths.home })) },
      { id: "all", icon: "flask", name: "All experiments", hint: "go to", go: to(() => navigate({ to: paths.experiments })) },
      { id: "light", icon: "sun", name: "Light colours", hint: "switch", go: to(() => setTheme("light")) },
      { id: "dark", icon: "moon", name: "Dark colours", hint: "switch", go: to(() => setTheme("dark")) },
    ];
    const shown = words ? actions.filter((each) => each.name.toLowerCase().includes(words)) : actions.slice(0, 2);
    return [...models, ...experiments, ...runs, ...shown];
  }, [found, words, close, navigate]);
}
