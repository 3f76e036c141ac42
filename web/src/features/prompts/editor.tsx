/* oxlint-disable react/no-array-index-key -- these lists are never reordered */
import type { ReactNode } from "react";
import type { ChatMessage, Template } from "~/api/registry";
import { Button, IconButton } from "~/ui/button";
import { variablesOf } from "./template";

interface Props {
  template: Template;
  onChange: (template: Template) => void;
  children?: ReactNode;
}

const ROLES = ["system", "user", "assistant", "tool", "developer"];

/** A template in the making: one text, or messages. */
export function TemplateEditor({ template, onChange, children }: Props) {
  const chat = typeof template !== "string";
  const variables = variablesOf(template);
  return (
    <div className="stack tight">
      <div className="row wrap">
        <div className="segments" role="group" aria-label="Kind of prompt">
          <Button small aria-pressed={!chat} onClick={() => chat && onChange(template.map((each) => each.content).join("\n\n"))}>
            Text
          </Button>
          <Button small aria-pressed={chat} onClick={() => !chat && onChange([{ role: "system", content: "" }, { role: "user", content: template }])}>
            Chat
          </Button>
        </div>
        <p className="muted small grow">
          {variables.length ? <>Variables: {variables.map((each) => <code key={each} className="variable">{each}</code>)}</> : <>Write <code>{"{{ name }}"}</code> for what is filled in later.</>}
        </p>
        {children}
      </div>
      {chat ? (
        <Messages messages={template} onChange={onChange} />
      ) : (
        <textarea aria-label="Template" className="template-field mono" rows={12} value={template} onChange={(event) => onChange(event.target.value)} />
      )}
    </div>
  );
}

function Messages({ messages, onChange }: { messages: readonly ChatMessage[]; onChange: (messages: ChatMessage[]) => void }) {
  const change = (at: number, part: Partial<ChatMessage>) => onChange(messages.map((each, index) => (index === at ? { ...each, ...part } : each)));
  const last = messages.at(-1)?.role;
  return (
    <ol className="message-fields">
      {messages.map((message, at) => (
        <li key={at}>
          <div className="row">
            <select aria-label={`Role of message ${at + 1}`} value={message.role} onChange={(event) => change(at, { role: event.target.value })}>
              {[...new Set([...ROLES, message.role])].map((role) => (
                <option key={role}>{role}</option>
              ))}
            </select>
            <span className="grow" />
            <IconButton
              small
              icon="up"
              label={`Move message ${at + 1} up`}
              blocked={at === 0 && "It is the first"}
              onClick={() => onChange(messages.map((each, index) => (index === at - 1 ? message : index === at ? (messages[at - 1] ?? each) : each)))}
            />
            <IconButton
              small
              icon="trash"
              label={`Remove message ${at + 1}`}
              blocked={messages.length < 2 && "A chat has at least one message"}
              onClick={() => onChange(messages.filter((_, index) => index !== at))}
            />
          </div>
          <textarea
            aria-label={`Message ${at + 1}`}
            className="template-field mono"
            rows={Math.min(14, Math.max(3, message.content.split("\n").length + 1))}
            value={message.content}
            onChange={(event) => change(at, { content: event.target.value })}
          />
        </li>
      ))}
      <li>
        <Button small icon="plus" onClick={() => onChange([...messages, { role: last === "user" ? "assistant" : "user", content: "" }])}>
          Message
        </Button>
      </li>
    </ol>
  );
}
