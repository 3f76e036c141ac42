/** Type-ahead for the filter language: what may stand at the cursor, out of the names that are around. */

/** What a field is compared by. `judged` is a number or a text. */
export type Kind = "number" | "text" | "label" | "judged";

export interface Field {
  /** As it is written in a filter. */
  name: string;
  hint: string;
  kind: Kind;
}

export interface Vocabulary {
  fields: readonly Field[];
  /** Values seen for a field. */
  values: (field: string) => readonly string[];
}

export interface Suggestion {
  text: string;
  hint: string;
  /** Put in place of the characters from `from` to the cursor. */
  from: number;
}

const NUMBERS = ["<", "<=", ">", ">=", "=", "!="];
const WORDS = ["=", "!=", "LIKE", "ILIKE"];
const PRESENT = ["IS NULL", "IS NOT NULL"];
const OPERATORS: Record<Kind, readonly string[]> = {
  number: NUMBERS,
  text: WORDS,
  label: [...WORDS, ...PRESENT],
  judged: [...NUMBERS, ...PRESENT],
};
const PLAIN = /^[A-Za-z_][\w.]*$/;
const FIELD = /^(?:[A-Za-z_]+\.)*(?:`[^`]*`|"[^"]*"|[^\s<>=!'"`]+)/;
const OPERATOR = /^\s*(<=|>=|!=|=|<|>|not\s+in|ilike|like|in|is\s+not|is)(?=\W|$)/i;
const LIMIT = 12;

export function fieldName(kind: string, key: string): string {
  return `${kind}.${PLAIN.test(key) ? key : `\`${key}\``}`;
}

/** A text as a filter writes it. */
export function quoted(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

/** Where the comparison at the cursor begins: after the last AND that is not inside quotes. */
function clauseStart(text: string): number {
  let start = 0;
  let quote = "";
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] ?? "";
    if (quote) {
      if (char === quote) quote = "";
    } else if (char === "'" || char === '"' || char === "`") {
      quote = char;
    } else if (/^\sand\s/i.test(text.slice(at, at + 5))) {
      start = at + 5;
    }
  }
  return start;
}

export function suggest(text: string, cursor: number, words: Vocabulary): Suggestion[] {
  const before = text.slice(0, cursor);
  const start = clauseStart(before);
  const clause = before.slice(start).trimStart();
  const from = cursor - clause.length;
  const written = FIELD.exec(clause)?.[0];
  if (!written || written.length === clause.length) return fields(clause, from, words);
  const known = words.fields.find((each) => same(each.name, written));
  if (!known) return [];
  const rest = clause.slice(written.length);
  const operator = OPERATOR.exec(rest);
  if (!operator) return operators(rest, cursor, known.kind);
  return values(rest.slice(operator[0].length), cursor, known, words);
}

const bare = (name: string) => name.replaceAll(/[`"]/g, "").toLowerCase();

/** Keys may be quoted either way, or not at all. */
function same(name: string, written: string): boolean {
  return bare(name) === bare(written);
}

function fields(typed: string, from: number, words: Vocabulary): Suggestion[] {
  const wanted = typed.toLowerCase();
  const rank = ({ name }: Field) => {
    const lower = name.toLowerCase();
    if (lower.startsWith(wanted)) return 0;
    return lower.slice(lower.indexOf(".") + 1).startsWith(wanted) ? 1 : 2;
  };
  return words.fields
    .filter(({ name }) => name.toLowerCase().includes(wanted) && name.toLowerCase() !== wanted)
    .toSorted((a, b) => rank(a) - rank(b))
    .slice(0, LIMIT)
    .map(({ name, hint }) => ({ text: `${name} `, hint, from }));
}

function operators(typed: string, cursor: number, kind: Kind): Suggestion[] {
  const wanted = typed.trim().toLowerCase();
  const gap = typed.startsWith(" ") ? "" : " ";
  return OPERATORS[kind]
    .filter((each) => each.toLowerCase().startsWith(wanted))
    .map((each) => ({ text: `${gap}${each} `, hint: "", from: cursor - typed.trimStart().length }));
}

function values(typed: string, cursor: number, field: Field, words: Vocabulary): Suggestion[] {
  const done = /^\s*('[^']*'|"[^"]*"|-?[\d.]+(e-?\d+)?)\s+$/i.test(typed);
  if (done) return [{ text: "AND ", hint: "and also", from: cursor }];
  if (field.kind === "number" || /^\s*('[^']*'|"[^"]*")$/.test(typed)) return [];
  const wanted = typed.trim().replace(/^'/, "").toLowerCase();
  return words
    .values(field.name)
    .filter((value) => value.toLowerCase().includes(wanted) && value.length < 200)
    .slice(0, LIMIT)
    .map((value) => ({ text: `${quoted(value)} `, hint: "", from: cursor - typed.trimStart().length }));
}
