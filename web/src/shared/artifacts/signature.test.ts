import { expect, test } from "vitest";
import { signatureOf } from "./signature";

const FILE = `artifact_path: model
flavors:
  python_function:
    loader_module: mlflow.sklearn
signature:
  inputs: '[{"type": "double", "name": "width", "required": true}, {"type": "string", "name":
    "owner''s kind", "required": false}]'
  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1]}}]'
  params: '[{"name": "temperature", "type": "float", "default": 0.5, "shape": null}]'
utc_time_created: '2026-01-01 00:00:00.000000'
`;

test("columns, tensors and params of a signature", () => {
  expect(signatureOf(FILE)).toEqual({
    inputs: [
      { name: "width", type: "double", required: true, shape: "" },
      { name: "owner's kind", type: "string", required: false, shape: "" },
    ],
    outputs: [{ name: "", type: "tensor of int64", required: true, shape: "(-1)" }],
    params: [{ name: "temperature", type: "float", required: true, shape: "", default: "0.5" }],
  });
});

test("lists and objects say what is in them", () => {
  const inputs = '[{"type":"array","items":{"type":"object","properties":{"role":{},"content":{}}},"name":"messages"}]';
  expect(signatureOf(`signature:\n  inputs: '${inputs}'\n  outputs: null\n`)?.inputs[0]?.type).toBe("array of object {role, content}");
});

test("files without one, or with one that cannot be read, show none", () => {
  for (const text of ["flavors: {}\n", "signature: null\n", "signature:\n  inputs: '[{'\n", "signature:\n"]) expect(signatureOf(text)).toBeNull();
});
