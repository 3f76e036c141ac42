/** What the server is asked for runs by words. Pure. */

/** A caller's words inside a quoted pattern. LIKE has no escape for `%` and `_`: they match themselves and more. */
export function pattern(text: string): string {
  return `'%${text.replaceAll("'", "''")}%'`;
}

const OPERATOR = /(<=|>=|!=|[<>=]|\b(like|ilike|in|is)\b)/i;

/** A filter as it is; words without any comparison are looked for in the name. */
export function filterOf(text: string): string {
  const plain = text.trim();
  if (!plain) return "";
  return OPERATOR.test(plain) ? plain : `attributes.run_name ILIKE ${pattern(plain)}`;
}
