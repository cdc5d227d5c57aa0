// Reads parts of a configuration by key and collects all problems with their
// paths.

import { ArgumentError } from "../../errors.ts";
import type { JsonSchema, Reader } from "../../rtnetlink/spec/value.ts";
import type { Path, Problem } from "./error.ts";
import type { Keys } from "./keys.ts";

/** A value as text, for problems. */
export function shown(value: unknown): string {
  if (value === null) return "nothing";
  if (typeof value !== "object") return JSON.stringify(value) ?? String(value);
  return Array.isArray(value) ? "a list" : "a mapping";
}

/** Reads values, and collects problems. */
export class Input {
  readonly problems: Problem[] = [];

  /**
   * Adds a problem.
   *
   * @param other The path of another value that it is about.
   */
  problem(path: Path, message: string, other?: Path): void {
    this.problems.push({ path, message, ...(other && { other }) });
  }

  /** Adds an unknown key. */
  unknownKey(path: Path, key: string, known: readonly string[]): void {
    const message = known.length === 0
      ? "unknown key; no key is possible here"
      : "unknown key";
    this.problems.push({ path: [...path, key], message, unknown: key, known });
  }

  /** Adds an unknown value. */
  unknownValue(path: Path, value: unknown, known: readonly string[]): void {
    const message = `${shown(value)} is not one of ${known.join(", ")}`;
    if (typeof value === "string") {
      this.problems.push({ path, message, unknown: value, known });
    } else this.problem(path, message);
  }

  /**
   * Adds an error that a function throws as a problem, and returns undefined.
   */
  attempt<T>(path: Path, body: () => T): T | undefined {
    try {
      return body();
    } catch (error) {
      if (!(error instanceof ArgumentError)) throw error;
      this.problem(path, error.message);
      return undefined;
    }
  }

  /** Returns the result of a function; undefined if it adds a problem. */
  ifRight<T>(body: () => T): T | undefined {
    const before = this.problems.length;
    const result = body();
    return this.problems.length === before ? result : undefined;
  }

  /** Reads a mapping; adds a problem and returns undefined for other types. */
  mapping(path: Path, value: unknown): Record<string, unknown> | undefined {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return { ...value };
    }
    this.problem(path, `${shown(value)} is not a mapping`);
    return undefined;
  }

  /** Reads each item of a list; undefined and null are empty lists. */
  list<T>(
    path: Path,
    value: unknown,
    read: (item: unknown, path: Path) => T | undefined,
  ): T[] {
    if (value === undefined || value === null) return [];
    if (!Array.isArray(value)) {
      this.problem(path, `${shown(value)} is not a list`);
      return [];
    }
    return value.map((item, at) => read(item, [...path, at]))
      .filter((item) => item !== undefined);
  }

  /** Reads a value with its parser. */
  value<T>(path: Path, given: unknown, reader: Reader<T>): T | undefined {
    let expected = reader.expected;
    try {
      if (allows(reader.schema, given)) {
        const value = reader.read(given);
        if (value !== undefined) return value;
      } else if (typeof given === "string" && /^(yes|no)$/i.test(given)) {
        expected += "; yes and no are plain text in YAML 1.2";
      } else if (
        typeof given !== "string" &&
        reader.read(String(given)) === String(given)
      ) {
        expected += "; it is text, so put it in quotes";
      }
    } catch (error) {
      if (!(error instanceof ArgumentError)) throw error;
      this.problem(path, `${shown(error.value)} is not ${error.expected}`);
      return undefined;
    }
    this.problem(path, `${shown(given)} is not ${expected}`);
    return undefined;
  }

  /**
   * Reads the values of a mapping by key.
   *
   * @param others Keys that the caller reads itself.
   */
  values(
    path: Path,
    given: Readonly<Record<string, unknown>>,
    keys: Keys,
    required: readonly string[] = [],
    others: readonly string[] = [],
  ): Record<string, unknown> {
    const values: Record<string, unknown> = {};
    for (const key of Object.keys(given)) {
      const value = given[key];
      if (others.includes(key)) continue;
      if (!Object.hasOwn(keys, key)) {
        this.unknownKey(path, key, [...Object.keys(keys), ...others]);
        continue;
      }
      const read = this.value([...path, key], value, keys[key]!);
      if (read !== undefined) values[key] = read;
    }
    for (const key of required) {
      if (given[key] === undefined) this.problem(path, `${key} is missing`);
    }
    return values;
  }
}

const TYPES: {
  readonly [type: string]: (value: unknown) => boolean;
} = {
  string: (value) => typeof value === "string",
  integer: (value) => Number.isInteger(value),
  number: (value) => typeof value === "number",
  null: (value) => value === null,
  boolean: (value) => typeof value === "boolean",
  array: Array.isArray,
  object: (value) => typeof value === "object" && !Array.isArray(value),
};

/**
 * Whether a value has a type that the schema of its key allows: a command line
 * has only text, a file does not. `$ref` is checked elsewhere.
 */
function allows(schema: JsonSchema, value: unknown): boolean {
  const any = schema.anyOf as JsonSchema[] | undefined;
  if (any?.some((one) => allows(one, value)) === false) return false;
  const values = schema.enum as unknown[] | undefined;
  if (values?.includes(value) === false) return false;
  if ("const" in schema && schema.const !== value) return false;
  const type = schema.type as string | undefined;
  if (type !== undefined && TYPES[type]?.(value) !== true) return false;
  if (typeof value === "string" && schema.pattern !== undefined) {
    return compiled(String(schema.pattern)).test(value);
  }
  if (typeof value === "number") {
    return value >= Number(schema.minimum ?? -Infinity) &&
      value <= Number(schema.maximum ?? Infinity);
  }
  if (Array.isArray(value)) {
    const items = (schema.items ?? {}) as JsonSchema;
    return value.length >= Number(schema.minItems ?? 0) &&
      value.length <= Number(schema.maxItems ?? Infinity) &&
      value.every((one) => allows(items, one));
  }
  const { properties, required = [] } = schema as {
    readonly properties?: Readonly<Record<string, JsonSchema>>;
    readonly required?: readonly string[];
  };
  return properties === undefined || typeof value !== "object" ||
    value === null ||
    required.every((key) => Object.hasOwn(value, key)) &&
      Object.entries(value).every(([key, one]) =>
        Object.hasOwn(properties, key) && allows(properties[key]!, one)
      );
}

/** Compiled patterns of the tables. */
const patterns = new Map<string, RegExp>();

function compiled(pattern: string): RegExp {
  let expression = patterns.get(pattern);
  if (expression === undefined) {
    patterns.set(pattern, expression = new RegExp(pattern, "u"));
  }
  return expression;
}
