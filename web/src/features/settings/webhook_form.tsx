import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { createWebhook, EVENTS, updateWebhook, type Webhook, type WebhookFields } from "~/api/webhooks";
import { FormDialog } from "~/ui/dialog";
import { messageOf, toast } from "~/ui/toast";

/** A new webhook, or another one of the same id. Secrets are never shown: what is left empty stays as it is. */
export function WebhookForm({ webhook, onClose }: { webhook?: Webhook; onClose: () => void }) {
  const [name, setName] = useState(webhook?.name ?? "");
  const [url, setUrl] = useState(webhook?.url ?? "");
  const [events, setEvents] = useState<readonly string[]>(webhook?.events ?? []);
  const [model, setModel] = useState("");
  const [secret, setSecret] = useState("");
  const [authorization, setAuthorization] = useState("");
  const queries = useQueryClient();
  const save = useMutation<unknown, Error>({
    mutationFn: () => {
      const fields: WebhookFields = { name: name.trim(), url: url.trim(), events: [...events], ...(secret && { secret }), ...(authorization && { authorization }) };
      if (webhook) return updateWebhook(webhook.webhook_id, fields);
      return createWebhook({ ...fields, ...(model.trim() && { model_name: model.trim() }) });
    },
    onSuccess: async () => {
      toast(webhook ? `${name.trim()} saved` : `${name.trim()} is told from now on`);
      onClose();
      await queries.invalidateQueries({ queryKey: ["webhooks"] });
    },
  });
  return (
    <FormDialog
      title={webhook ? `Edit ${webhook.name}` : "New webhook"}
      wide
      action={webhook ? "Save" : "Create"}
      busy={save.isPending}
      blocked={events.length === 0 && "Choose what it hears of"}
      error={save.error ? messageOf(save.error) : ""}
      onClose={onClose}
      onSubmit={() => save.mutate()}
    >
      <div className="two-fields">
        <label>
          Name
          <input autoFocus required maxLength={63} placeholder="night-watch" value={name} onChange={(event) => setName(event.target.value)} />
        </label>
        <label>
          URL
          <input required type="url" placeholder="https://chat.example.com/hook" value={url} onChange={(event) => setUrl(event.target.value)} />
        </label>
      </div>
      <Events chosen={events} onChange={setEvents} />
      {webhook ? (
        webhook.model_name && <p className="muted">It hears of {webhook.model_name} alone.</p>
      ) : (
        <label>
          Of one model or prompt only
          <input placeholder="all of them" value={model} onChange={(event) => setModel(event.target.value)} />
        </label>
      )}
      <div className="two-fields">
        <label>
          Secret
          <input type="password" autoComplete="off" placeholder={webhook?.has_secret ? "unchanged" : "none"} value={secret} onChange={(event) => setSecret(event.target.value)} />
          <span className="hint">What it is told is signed with it.</span>
        </label>
        <label>
          Authorization
          <input type="password" autoComplete="off" placeholder={webhook?.has_secret ? "unchanged" : "none"} value={authorization} onChange={(event) => setAuthorization(event.target.value)} />
          <span className="hint">Sent as that header: Bearer …</span>
        </label>
      </div>
    </FormDialog>
  );
}

function Events({ chosen, onChange }: { chosen: readonly string[]; onChange: (events: readonly string[]) => void }) {
  const turn = (event: string) => onChange(chosen.includes(event) ? chosen.filter((each) => each !== event) : [...chosen, event]);
  const others = chosen.filter((each) => !Object.values(EVENTS).flat().includes(each));
  const groups = Object.entries(EVENTS).concat(others.length > 0 ? [["Others", others]] : []);
  return (
    <div className="event-groups">
      {groups.map(([group, events]) => (
        <fieldset key={group}>
          <legend>{group}</legend>
          {events.map((each) => (
            <label key={each} className="choice">
              <input type="checkbox" checked={chosen.includes(each)} onChange={() => turn(each)} />
              {each}
            </label>
          ))}
        </fieldset>
      ))}
    </div>
  );
}
