import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { EVENTS, testWebhook, type Webhook } from "~/api/webhooks";
import { FormDialog } from "~/ui/dialog";
import { messageOf } from "~/ui/toast";

const STATES: Record<Webhook["status"], { word: string; tone: string }> = {
  ACTIVE: { word: "Active", tone: "ok" },
  DISABLED: { word: "Off", tone: "warn" },
  TEST_MODE: { word: "Tests only", tone: "warn" },
};

export function WebhookState({ status }: { status: Webhook["status"] }) {
  const { word, tone } = STATES[status] ?? { word: status, tone: "" };
  return (
    <span className={`status ${tone}`}>
      <span className="dot" />
      {word}
    </span>
  );
}

/** An example, sent at once and once; what came back is shown. */
export function TryOut({ webhook, onClose }: { webhook: Webhook; onClose: () => void }) {
  const [event, setEvent] = useState(webhook.events[0] ?? "");
  const go = useMutation({ mutationFn: () => testWebhook(webhook.webhook_id, event) });
  const result = go.data;
  return (
    <FormDialog
      title={`Send ${webhook.name} an example`}
      action={result ? "Send another" : "Send"}
      busy={go.isPending}
      error={go.error ? messageOf(go.error) : ""}
      onClose={onClose}
      onSubmit={() => go.mutate()}
    >
      <label>
        Event
        <select value={event} onChange={(change) => setEvent(change.target.value)}>
          {Object.values(EVENTS)
            .flat()
            .filter((each) => webhook.events.includes(each))
            .map((each) => (
              <option key={each}>{each}</option>
            ))}
        </select>
        <span className="hint">To {webhook.url}. It is not in the log.</span>
      </label>
      {result && (
        <div role="status" className="stack tight">
          <p className={result.success ? "status ok" : "status bad"}>
            <span className="dot" />
            {result.success ? "Taken" : "Not taken"}
            {result.response_status !== undefined && `: the answer was ${result.response_status}`}
          </p>
          {result.error_message && <p>{result.error_message}</p>}
          {result.response_body && <pre className="answer">{result.response_body}</pre>}
        </div>
      )}
    </FormDialog>
  );
}
