import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { explain } from "~/api/access";
import { Button } from "~/ui/button";
import { messageOf } from "~/ui/toast";
import { PrincipalField } from "./principals";

interface Props {
  /** As explanations call it: `experiments/12`, `table/main.default.sales`. */
  object: string;
  choices: readonly { value: string; word: string }[];
  /** Whoever does not manage the object may ask about himself alone. */
  only?: string;
}

/** Why somebody may do something with an object, or why not: the server's own reasons. */
export function Explain({ object, choices, only }: Props) {
  const [text, setText] = useState("");
  const name = only ?? text.trim();
  const [choice, setChoice] = useState(choices[0]?.value ?? "");
  const ask = useMutation({ mutationFn: () => explain(object, name, choice) });
  return (
    <section className="explain" aria-label="Why">
      <h3>Why may somebody, or why not?</h3>
      <form
        className="row wrap give"
        onSubmit={(event) => {
          event.preventDefault();
          if (name) ask.mutate();
        }}
      >
        <PrincipalField label="Whom it is about" value={only ?? text} readOnly={only !== undefined} onChange={setText} />
        <select aria-label="What it is about" value={choice} onChange={(event) => setChoice(event.target.value)}>
          {choices.map((each) => (
            <option key={each.value} value={each.value}>
              {each.word}
            </option>
          ))}
        </select>
        <Button type="submit" blocked={!name && "Say who"}>
          Ask
        </Button>
      </form>
      {ask.error && (
        <p className="judgement-error" role="alert">
          {messageOf(ask.error)}
        </p>
      )}
      {ask.data && (
        <div role="status">
          <p>
            <b className={ask.data.allowed ? "ok" : "bad"}>{ask.data.allowed ? "Yes" : "No"}</b>
          </p>
          <ul className="because">
            {ask.data.because.map((each) => (
              <li key={each}>{each}</li>
            ))}
          </ul>
        </div>
      )}
    </section>
  );
}
