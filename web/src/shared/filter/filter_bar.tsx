import { useEffect, useId, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { Icon } from "~/ui/icons";
import { suggest, type Vocabulary } from "./suggest";

interface Props {
  value: string;
  onChange: (filter: string) => void;
  words: Vocabulary;
  /** The server's words about what is wrong with the filter that is in force. */
  error: string;
  placeholder: string;
}

/** The filter of a list. Enter asks the server; what is typed is completed from the names around. */
export function FilterBar({ value, onChange, words, error, placeholder }: Props) {
  const [text, setText] = useState(value);
  const [cursor, setCursor] = useState(0);
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(-1);
  const field = useRef<HTMLInputElement>(null);
  const id = useId();
  const found = open ? suggest(text, cursor, words) : [];

  useEffect(() => setText(value), [value]);

  const take = (index: number) => {
    const chosen = found[index];
    if (!chosen) return;
    const next = text.slice(0, chosen.from) + chosen.text + text.slice(cursor);
    const place = chosen.from + chosen.text.length;
    // At once, so that the next key finds the cursor where it belongs.
    flushSync(() => {
      setText(next);
      setCursor(place);
      setAt(-1);
    });
    field.current?.setSelectionRange(place, place);
  };
  const apply = (next: string) => {
    setOpen(false);
    onChange(next.trim());
  };
  const key = (event: React.KeyboardEvent) => {
    if (event.key === "ArrowDown" && found.length) setAt((at + 1) % found.length);
    else if (event.key === "ArrowUp" && found.length) setAt((at - 1 + found.length) % found.length);
    else if (event.key === "Tab" && found.length && !event.shiftKey) take(Math.max(0, at));
    else if (event.key === "Enter" && at >= 0) take(at);
    else if (event.key === "Enter") return apply(text);
    else if (event.key === "Escape") {
      setOpen(false);
      setAt(-1);
      return;
    } else return;
    event.preventDefault();
  };

  return (
    <div className="filter-bar grow">
      <div className={error ? "field wrong" : "field"}>
        <Icon name="search" />
        <input
          ref={field}
          role="combobox"
          aria-label="Filter"
          aria-expanded={found.length > 0}
          aria-controls={`${id}-list`}
          aria-activedescendant={at >= 0 ? `${id}-${at}` : undefined}
          aria-invalid={Boolean(error)}
          aria-describedby={error ? `${id}-error` : undefined}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          placeholder={placeholder}
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setCursor(event.target.selectionStart ?? event.target.value.length);
            setOpen(true);
            setAt(-1);
          }}
          onSelect={(event) => setCursor(event.currentTarget.selectionStart ?? 0)}
          onFocus={() => setOpen(true)}
          onBlur={() => setTimeout(() => setOpen(false), 120)}
          onKeyDown={key}
        />
        {text ? (
          <button type="button" className="clear" aria-label="Clear the filter" onClick={() => (setText(""), apply(""))}>
            <Icon name="close" size={12} />
          </button>
        ) : (
          <kbd>/</kbd>
        )}
      </div>
      <ul id={`${id}-list`} role="listbox" aria-label="Completions" className="completions" hidden={found.length === 0}>
        {found.map((each, index) => (
          // The field keeps the focus and the keys.
          <li
            key={each.text}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === at}
            onPointerDown={(event) => {
              event.preventDefault();
              take(index);
            }}
          >
            <code>{each.text.trim()}</code>
            <span className="muted">{each.hint}</span>
          </li>
        ))}
      </ul>
      {error && (
        <p id={`${id}-error`} className="filter-error" role="alert">
          {error}
        </p>
      )}
    </div>
  );
}
