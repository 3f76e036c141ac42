import { useMutation, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { createPromptVersion, createRegistered, IS_PROMPT, type Template } from "~/api/registry";
import { paths } from "~/links";
import { useReadOnly } from "~/session";
import { RegistryList } from "~/shared/registry/registry_list";
import { Snippet, useTitle } from "~/ui/bits";
import { Button } from "~/ui/button";
import { FormDialog } from "~/ui/dialog";
import { messageOf } from "~/ui/toast";
import { TemplateEditor } from "./editor";
import { asText } from "./template";

const route = getRouteApi("/ml/prompts");

export function PromptsPage() {
  const search = route.useSearch();
  const navigate = useNavigate({ from: paths.prompts });
  const readOnly = useReadOnly();
  const [making, setMaking] = useState(false);
  useTitle("Prompts");
  return (
    <>
      <RegistryList
        kind="prompt"
        title="Prompts"
        search={search}
        onSearch={(change) => void navigate({ search: (before) => ({ ...before, ...change }) })}
        actions={
          <Button icon="plus" kind="primary" blocked={readOnly} onClick={() => setMaking(true)}>
            New prompt
          </Button>
        }
        none={<NoPrompts />}
      />
      {making && <NewPrompt onClose={() => setMaking(false)} />}
    </>
  );
}

function NewPrompt({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const [template, setTemplate] = useState<Template>("");
  const queries = useQueryClient();
  const navigate = useNavigate();
  const make = useMutation({
    mutationFn: async () => {
      await createRegistered(name.trim(), "", [{ key: IS_PROMPT, value: "true" }]);
      await createPromptVersion(name.trim(), template, "First version");
    },
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["registry"] });
      void navigate({ to: paths.prompt, params: { name: name.trim() } });
    },
  });
  const empty = asText(template).trim() === "";
  return (
    <FormDialog
      title="New prompt"
      wide
      action="Create"
      busy={make.isPending || empty}
      error={make.error ? messageOf(make.error) : ""}
      onClose={onClose}
      onSubmit={() => make.mutate()}
    >
      <label>
        Name
        <input
          autoFocus
          required
          pattern="[A-Za-z0-9_.\-]+"
          title="Letters, digits, dots, underscores and hyphens"
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <span className="hint">Letters, digits, dots, underscores and hyphens, as clients demand.</span>
      </label>
      <TemplateEditor template={template} onChange={setTemplate} />
    </FormDialog>
  );
}

function NoPrompts() {
  const code = `import mlflow

mlflow.genai.register_prompt("greeting", "Say hello to {{ name }} in {{ language }}.")
mlflow.genai.set_prompt_alias("greeting", alias="production", version=1)

prompt = mlflow.genai.load_prompt("prompts:/greeting@production")
print(prompt.format(name="Ada", language="Italian"))
`;
  return (
    <section className="onboarding" aria-label="Register a prompt">
      <h2>No prompts yet</h2>
      <p className="muted">A prompt is a text with a history: what runs in production is one alias away from what you try out.</p>
      <Snippet label="Python" code={code} />
    </section>
  );
}
