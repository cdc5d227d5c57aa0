// Whether a value has the form that the schema of a word asks for. A command
// line gives all its values as text; a file says what it means, so that the
// published schema and what is taken here are the same.

import type { JsonSchema } from "../../rtnetlink/spec/value.ts";

const TYPES: {
  readonly [type: string]: (value: unknown) => boolean;
} = {
  string: (value) => typeof value === "string",
  integer: (value) => Number.isInteger(value),
  null: (value) => value === null,
  boolean: (value) => typeof value === "boolean",
  array: Array.isArray,
  object: (value) => typeof value === "object" && !Array.isArray(value),
};

/**
 * Judges a value by the keywords that the tables of words use; what stands
 * behind a `$ref` is judged elsewhere.
 */
export function allows(schema: JsonSchema, value: unknown): boolean {
  const any = schema.anyOf as JsonSchema[] | undefined;
  if (any?.some((one) => allows(one, value)) === false) return false;
  const words = schema.enum as unknown[] | undefined;
  if (words?.includes(value) === false) return false;
  if ("const" in schema && schema.const !== value) return false;
  const type = schema.type as string | undefined;
  if (type !== undefined && TYPES[type]?.(value) !== true) return false;
  if (typeof value === "number") {
    if (value < Number(schema.minimum ?? -Infinity)) return false;
    if (value > Number(schema.maximum ?? Infinity)) return false;
  }
  if (typeof value === "string" && schema.pattern !== undefined) {
    return compiled(String(schema.pattern)).test(value);
  }
  if (Array.isArray(value)) return listAllowed(schema, value);
  return objectAllowed(schema, value);
}

/** The patterns of the tables, of which there are few. */
const patterns = new Map<string, RegExp>();

function compiled(pattern: string): RegExp {
  let expression = patterns.get(pattern);
  if (expression === undefined) {
    patterns.set(pattern, expression = new RegExp(pattern, "u"));
  }
  return expression;
}

function listAllowed(schema: JsonSchema, list: readonly unknown[]): boolean {
  const items = schema.items as JsonSchema | undefined;
  return list.length >= Number(schema.minItems ?? 0) &&
    list.length <= Number(schema.maxItems ?? Infinity) &&
    (items === undefined || list.every((one) => allows(items, one)));
}

function objectAllowed(schema: JsonSchema, value: unknown): boolean {
  const properties = schema.properties as
    | Readonly<Record<string, JsonSchema>>
    | undefined;
  if (
    properties === undefined || typeof value !== "object" || value === null
  ) return true;
  const required = (schema.required ?? []) as readonly string[];
  return required.every((word) => Object.hasOwn(value, word)) &&
    Object.entries(value).every(([word, one]) =>
      Object.hasOwn(properties, word) && allows(properties[word]!, one)
    );
}
