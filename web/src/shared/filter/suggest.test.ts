import { expect, test } from "vitest";
import { runVocabulary } from "./run_vocabulary";
import { suggest } from "./suggest";

const words = runVocabulary(
  { metrics: ["accuracy", "val/loss"], params: ["family", "lr"], tags: ["team"] },
  (field: string) => (field === "params.family" ? ["forest", "o'neill"] : []),
);

/** What the text becomes when the first suggestion is taken at its end. */
function complete(text: string): string {
  const [first] = suggest(text, text.length, words);
  return first ? text.slice(0, first.from) + first.text : text;
}

test.each([
  ["acc", "metrics.accuracy "],
  ["loss", "metrics.`val/loss` "],
  ["metrics.a", "metrics.accuracy "],
  ["params.f", "params.family "],
  ["metrics.accuracy ", "metrics.accuracy < "],
  ["metrics.`val/loss` ", "metrics.`val/loss` < "],
  ["metrics.accuracy >", "metrics.accuracy >"],
  ["params.family L", "params.family LIKE "],
  ["params.family = ", "params.family = 'forest' "],
  ["params.family = 'o", "params.family = 'forest' "],
  ["params.family = 'o'", "params.family = 'o'"],
  ["metrics.accuracy > 0.5 ", "metrics.accuracy > 0.5 AND "],
  ["metrics.accuracy > 0.5 AND fam", "metrics.accuracy > 0.5 AND params.family "],
  ["attributes.status = FIN", "attributes.status = 'FINISHED' "],
  ["tags.team = 'x AND y' AND lr", "tags.team = 'x AND y' AND params.lr "],
  ["just some words", "just some words"],
])("%s → %s", (text, completed) => {
  expect(complete(text)).toBe(completed);
});

test("a quote in a value is written twice", () => {
  const all = suggest("params.family = ", 16, words).map((each) => each.text);
  expect(all).toContain("'o''neill' ");
});

test("numbers are not guessed", () => {
  expect(suggest("metrics.accuracy > ", 19, words)).toEqual([]);
});
