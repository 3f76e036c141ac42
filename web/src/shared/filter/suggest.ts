/** Type-ahead for the filter language: what may stand at the cursor, out of the names that are around. */

export interface Vocabulary {
  metrics: readonly string[];
  params: readonly string[];
  tags: readonly string[];
  /** Values seen for `params.x`, `tags.x` and attributes. */
  values: (field: string) => readonly string[];
}

export interface Suggestion {
  text: string;
  hint: string;
  /** Put in place of the characters from `from` to the cursor. */
  from: number;
}

const ATTRIBUTES = ["run_name", "status", "user_id", "start_time", "end_time", "run_id"];
const STATUSES = ["RUNNING", "FINISHED", "FAILED", "KILLED", "SCHEDULED"];
const NUMBERS = ["<", "<=", ">", ">=", "=", "!="];
const WORDS = ["=", "!=", "LIKE", "ILIKE"];
const PLAIN = /^[A-Za-z_][\w.]*$/;
const FIELD = /^(metrics|params|tags|attributes|datasets)\.(`[^`]*`|"[^"]*"|[^\s<>=!]+)/i;
const OPERATOR = /^\s*(<=|>=|!=|=|<|>|not\s+in|ilike|like|in|is\s+not|is)(?=\W|$)/i;
const LIMIT = 12;

export function fieldName(kind: string, key: string): string {
  return `${kind}.${PLAIN.test(key) ? key : `\`${key}\``}`;
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
  const field = FIELD.exec(clause);
  if (!field || field[0].length === clause.length) return fields(clause, from, words);
  const rest = clause.slice(field[0].length);
  const kind = (field[1] ?? "").toLowerCase();
  const key = (field[2] ?? "").replace(/^[`"]|[`"]$/g, "");
  const operator = OPERATOR.exec(rest);
  if (!operator) return operators(rest, cursor, kind, key);
  return values(rest.slice(operator[0].length), cursor, `${kind}.${key}`, kind, words);
}

function fields(typed: string, from: number, words: Vocabulary): Suggestion[] {
  const all: [string, string][] = [
    ...words.metrics.map((key): [string, string] => [fieldName("metrics", key), "metric"]),
    ...words.params.map((key): [string, string] => [fieldName("params", key), "param"]),
    ...ATTRIBUTES.map((key): [string, string] => [fieldName("attributes", key), "attribute"]),
    ...words.tags.map((key): [string, string] => [fieldName("tags", key), "tag"]),
  ];
  const wanted = typed.toLowerCase();
  const rank = ([name]: [string, string]) => {
    const lower = name.toLowerCase();
    if (lower.startsWith(wanted)) return 0;
    return lower.slice(lower.indexOf(".") + 1).startsWith(wanted) ? 1 : 2;
  };
  return all
    .filter(([name]) => name.toLowerCase().includes(wanted) && name.toLowerCase() !== wanted)
    .toSorted((a, b) => rank(a) - rank(b))
    .slice(0, LIMIT)
    .map(([name, hint]) => ({ text: `${name} `, hint, from }));
}

function operators(typed: string, cursor: number, kind: string, key: string): Suggestion[] {
  const numeric = kind === "metrics" || (kind === "attributes" && key.endsWith("_time"));
  const known = numeric ? NUMBERS : kind === "params" || kind === "tags" ? [...WORDS, "IS NULL", "IS NOT NULL"] : WORDS;
  const wanted = typed.trim().toLowerCase();
  const gap = typed.startsWith(" ") ? "" : " ";
  return known
    .filter((each) => each.toLowerCase().startsWith(wanted))
    .map((each) => ({ text: `${gap}${each} `, hint: "", from: cursor - typed.trimStart().length }));
}

function values(typed: string, cursor: number, field: string, kind: string, words: Vocabulary): Suggestion[] {
  const done = /^\s*('[^']*'|"[^"]*"|-?[\d.]+(e-?\d+)?)\s+$/i.test(typed);
  if (done) return [{ text: "AND ", hint: "and also", from: cursor }];
  if (kind === "metrics" || /^\s*('[^']*'|"[^"]*")$/.test(typed)) return [];
  const wanted = typed.trim().replace(/^'/, "").toLowerCase();
  const known = field === "attributes.status" ? STATUSES : words.values(field);
  return known
    .filter((value) => value.toLowerCase().includes(wanted) && value.length < 200)
    .slice(0, LIMIT)
    .map((value) => ({
      text: `'${value.replaceAll("'", "''")}' `,
      hint: "",
      from: cursor - typed.trimStart().length,
    }));
}
