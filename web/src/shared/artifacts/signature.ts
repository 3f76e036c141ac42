/** The signature in an MLmodel file: what a model takes and gives. Pure; of YAML just as much as such files hold. */

export interface Field {
  name: string;
  type: string;
  required: boolean;
  shape: string;
}

export interface Signature {
  inputs: Field[];
  outputs: Field[];
  params: (Field & { default: string })[];
}

export function signatureOf(mlmodel: string): Signature | null {
  const block = /^signature:[ \t]*\n((?:[ \t]+.*\n?|\n)*)/m.exec(mlmodel)?.[1];
  if (!block) return null;
  const parts = { inputs: read(block, "inputs"), outputs: read(block, "outputs"), params: read(block, "params") };
  if (!parts.inputs && !parts.outputs && !parts.params) return null;
  return {
    inputs: (parts.inputs ?? []).map((each) => field(each as Column)),
    outputs: (parts.outputs ?? []).map((each) => field(each as Column)),
    params: (parts.params ?? []).map((each) => ({ ...field(each as Column), default: written((each as { default?: unknown }).default) })),
  };
}

/** The JSON text of one part, which YAML may have folded over several lines and put in quotes. */
function read(block: string, part: string): unknown[] | null {
  const found = new RegExp(`^([ \\t]+)${part}:[ \\t]*(.*(?:\\n\\1[ \\t]+.*)*)`, "m").exec(block)?.[2];
  if (!found) return null;
  const folded = found.split("\n").map((line) => line.trim()).join(" ").trim();
  const text = folded.startsWith("'") ? folded.slice(1, -1).replaceAll("''", "'") : folded.startsWith('"') ? unescaped(folded) : folded;
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

function unescaped(text: string): string {
  try {
    return String(JSON.parse(text.replaceAll("\\ ", " ")));
  } catch {
    return "";
  }
}

interface Column {
  name?: string;
  type?: unknown;
  required?: boolean;
  items?: unknown;
  properties?: Record<string, unknown>;
  "tensor-spec"?: { dtype?: string; shape?: number[] };
  shape?: number[] | null;
}

function field(column: Column): Field {
  const tensor = column["tensor-spec"];
  const shape = tensor?.shape ?? column.shape;
  return {
    name: column.name ?? "",
    type: tensor ? `tensor of ${tensor.dtype ?? "?"}` : typeOf(column),
    required: column.required ?? true,
    shape: shape ? `(${shape.join(", ")})` : "",
  };
}

/** `array of string`, `object {a, b}`. */
function typeOf(column: Column): string {
  if (column.type === "array" && column.items) return `array of ${typeOf(column.items as Column)}`;
  if (column.type === "object" && column.properties) return `object {${Object.keys(column.properties).join(", ")}}`;
  return typeof column.type === "string" ? column.type : "?";
}

const written = (value: unknown) => (value === undefined || value === null ? "" : typeof value === "string" ? value : JSON.stringify(value));
