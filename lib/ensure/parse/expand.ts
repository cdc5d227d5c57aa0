// Expands the variables and repeated objects of a configuration, and merges the
// files that it consists of.

import type { Path, Problem } from "./error.ts";
import {
  evaluateText,
  ExpressionError,
  hasExpression,
  NAME,
  type Scope,
} from "./expression.ts";

/** Where a value comes from. */
export interface Place {
  /** The index of its file. */
  readonly file: number;
  /** Its path there. */
  readonly path: Path;
  /** The variables of its repetition as text: "i = 3"; empty for none. */
  readonly loop: string;
}

/** A problem in one of the files. */
export interface ExpansionProblem extends Omit<Problem, "path" | "other"> {
  readonly place: Place;
  /** The place of another value that the problem is about. */
  readonly otherPlace?: Place;
}

/** An expanded configuration. */
export interface Expansion {
  readonly value: unknown;
  readonly problems: readonly ExpansionProblem[];
  /** Where the value of a path comes from, or its nearest parent. */
  placeOf(path: Path): Place;
}

/** The most repetitions in a configuration. */
const MOST = 250_000;

type Mapping = Readonly<Record<string, unknown>>;

function isMapping(value: unknown): value is Mapping {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Expands a configuration.
 *
 * @param files The values of its files: included files first.
 */
export function expand(files: readonly unknown[]): Expansion {
  const [only] = files;
  if (files.length === 1 && !needsExpansion(only)) {
    const placeOf = (path: Path) => ({ file: 0, path, loop: "" });
    return { value: only, problems: [], placeOf };
  }
  return new Expander(files).result;
}

/** Whether a value has variables, repeated objects or expressions. */
function needsExpansion(value: unknown): boolean {
  if (typeof value === "string") return hasExpression(value);
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value)) return value.some(needsExpansion);
  return Object.keys(value).some((key) =>
    key === "for" || key === "variables" || hasExpression(key) ||
    needsExpansion((value as Mapping)[key])
  );
}

/** A value with its place. */
interface Placed {
  readonly value: unknown;
  readonly place: Place;
}

/** The variables of all files; later files win. */
class Variables implements Scope {
  readonly #given = new Map<string, Placed>();
  readonly #values = new Map<string, unknown>();
  readonly #active = new Set<string>();
  readonly #evaluate: (given: Placed) => unknown;

  constructor(evaluate: (given: Placed) => unknown) {
    this.#evaluate = evaluate;
  }

  get names(): string[] {
    return [...this.#given.keys()];
  }

  set(name: string, given: Placed): void {
    this.#given.set(name, given);
  }

  has(name: string): boolean {
    return this.#given.has(name);
  }

  get(name: string): unknown {
    if (this.#values.has(name)) return this.#values.get(name);
    const given = this.#given.get(name);
    if (given === undefined) {
      const message = `unknown variable ${name}`;
      throw new ExpressionError(message, name, this.names);
    }
    if (this.#active.has(name)) {
      throw new ExpressionError(`the value of ${name} refers to ${name}`);
    }
    this.#active.add(name);
    const value = this.#evaluate(given);
    this.#active.delete(name);
    this.#values.set(name, value);
    return value;
  }
}

/** The variables of a repetition, in those around it. */
class Loop implements Scope {
  constructor(
    readonly outer: Scope,
    readonly name: string,
    readonly value: unknown,
  ) {}

  get(name: string): unknown {
    return name === this.name ? this.value : this.outer.get(name);
  }
}

function hasName(scope: Scope, name: string): boolean {
  if (scope instanceof Variables) return scope.has(name);
  return scope instanceof Loop &&
    (scope.name === name || hasName(scope.outer, name));
}

class Expander {
  readonly #problems: ExpansionProblem[] = [];
  /** The places of the values of each mapping and list. */
  readonly #places = new WeakMap<object, Map<string | number, Place>>();
  readonly #root: Place;
  readonly #variables: Variables = new Variables(({ value, place }) =>
    this.#value(value, place, this.#variables)
  );
  readonly result: Expansion;
  readonly #reported = new Set<string>();
  #count = 0;

  constructor(files: readonly unknown[]) {
    this.#root = { file: files.length - 1, path: [], loop: "" };
    for (const [file, value] of files.entries()) {
      if (isMapping(value)) this.#addVariables(value, file);
    }
    for (const name of this.#variables.names) {
      this.#attempt(this.#root, () => this.#variables.get(name));
    }
    let value: unknown;
    // Without its variables, each expression would be another problem.
    if (this.#problems.length === 0) {
      for (const [file, one] of files.entries()) {
        const place = { file, path: [], loop: "" };
        const expanded = isMapping(one) ? this.#file(one, place) : one;
        value = this.#merged(value, { value: expanded, place }, this.#root);
      }
    }
    this.result = {
      value,
      problems: this.#problems,
      placeOf: (path) => this.#placeOf(value, path),
    };
  }

  #placeOf(value: unknown, path: Path): Place {
    let place = this.#root;
    for (const [at, part] of path.entries()) {
      const inside = typeof value === "object" && value !== null
        ? this.#places.get(value)
        : undefined;
      const next = inside?.get(part);
      if (next === undefined) {
        return { ...place, path: [...place.path, ...path.slice(at)] };
      }
      place = next;
      value = (value as Mapping)[part];
    }
    return place;
  }

  /** Adds a problem, but not again for each repetition. */
  #problem(place: Place, message: string, rest: object = {}): void {
    const key = JSON.stringify([place.file, place.path, message]);
    if (this.#reported.has(key)) return;
    this.#reported.add(key);
    this.#problems.push({ place, message, ...rest });
  }

  /** Adds an error of an expression as a problem. */
  #attempt<T>(place: Place, body: () => T): T | undefined {
    try {
      return body();
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      const { message, unknown, known } = error;
      this.#problem(place, message, {
        ...unknown === undefined ? {} : { unknown, known },
      });
      return undefined;
    }
  }

  #addVariables({ variables }: Mapping, file: number): void {
    if (variables === undefined || variables === null) return;
    const place = { file, path: ["variables"], loop: "" };
    if (!isMapping(variables)) {
      return this.#problem(place, "the variables are not a mapping");
    }
    for (const [name, value] of Object.entries(variables)) {
      const at = inside(place, name);
      if (NAME.test(name)) this.#variables.set(name, { value, place: at });
      else {
        this.#problem(
          at,
          `${JSON.stringify(name)} is not a name of letters, ` +
            "digits and underscores",
        );
      }
    }
  }

  /** The top level of a file, without its variables. */
  #file(value: Mapping, place: Place): unknown {
    const entries = Object.entries(value).filter(([key]) =>
      key !== "variables" && !key.startsWith("x-")
    );
    const top = Object.fromEntries(
      entries.filter(([key]) => key !== "namespaces"),
    );
    const expanded = this.#mapping(top, place, this.#variables);
    if (!Object.hasOwn(value, "namespaces")) return expanded;
    const at = inside(place, "namespaces");
    const { namespaces } = value;
    const named = isMapping(namespaces)
      ? this.#mapping(namespaces, at, this.#variables, true)
      : namespaces;
    this.#places.get(expanded as object)!.set("namespaces", at);
    return Object.assign(expanded as object, { namespaces: named });
  }

  #value(value: unknown, place: Place, scope: Scope): unknown {
    if (typeof value === "string") {
      if (!hasExpression(value)) return value;
      return this.#attempt(place, () => evaluateText(value, scope));
    }
    if (Array.isArray(value)) return this.#list(value, place, scope);
    return isMapping(value) ? this.#mapping(value, place, scope) : value;
  }

  #list(items: readonly unknown[], place: Place, scope: Scope): unknown[] {
    const values: unknown[] = [];
    const places = new Map<number, Place>();
    const add = (value: unknown, place: Place) => {
      places.set(values.length, place);
      values.push(value);
    };
    for (const [index, item] of items.entries()) {
      const at = inside(place, index);
      if (!isMapping(item) || !Object.hasOwn(item, "for")) {
        add(this.#value(item, at, scope), at);
        continue;
      }
      const { for: given, ...rest } = item;
      const isItem = Object.keys(rest).join() === "item";
      this.#repeat(given, at, scope, (at, scope) => {
        const one = isItem ? inside(at, "item") : at;
        add(this.#value(isItem ? rest.item : rest, one, scope), one);
      });
    }
    this.#places.set(values, places);
    return values;
  }

  /** @param isNamed Whether its values can be repeated, with other keys. */
  #mapping(
    mapping: Mapping,
    place: Place,
    scope: Scope,
    isNamed = false,
  ): unknown {
    const values = new Map<string, unknown>();
    const places = new Map<string, Place>();
    const add = (key: string, value: unknown, at: Place, scope: Scope) => {
      const name = hasExpression(key)
        ? this.#attempt(at, () => String(evaluateText(key, scope)))
        : key;
      if (name === undefined) return;
      const expanded = this.#value(value, at, scope);
      const first = places.get(name);
      if (first === undefined) {
        values.set(name, expanded);
        places.set(name, at);
        return;
      }
      const one = { value: expanded, place: at };
      values.set(name, this.#merged(values.get(name), one, first));
    };
    for (const [key, value] of Object.entries(mapping)) {
      const at = inside(place, key);
      if (isNamed && isMapping(value) && Object.hasOwn(value, "for")) {
        const { for: given, ...rest } = value;
        this.#repeat(
          given,
          at,
          scope,
          (at, scope) => add(key, rest, at, scope),
        );
      } else add(key, value, at, scope);
    }
    // Defines all keys, `__proto__` too.
    const result = Object.fromEntries(values);
    this.#places.set(result, places);
    return result;
  }

  /** Calls a function for each combination of the variables of a repetition. */
  #repeat(
    given: unknown,
    place: Place,
    scope: Scope,
    body: (place: Place, scope: Scope) => void,
  ): void {
    const at = inside(place, "for");
    if (!isMapping(given) || Object.keys(given).length === 0) {
      this.#problem(at, "for is not a mapping of variables, such as {i: 1..4}");
      return;
    }
    const variables = Object.entries(given);
    const next = (index: number, place: Place, scope: Scope): void => {
      if (index === variables.length) return body(place, scope);
      const [name, range] = variables[index]!;
      const here = { ...inside(at, name), loop: place.loop };
      if (!NAME.test(name) || hasName(scope, name)) {
        const why = NAME.test(name)
          ? `${name} is a variable already`
          : `${JSON.stringify(name)} is not a name of letters, digits and ` +
            "underscores";
        return this.#problem(here, why);
      }
      for (const value of this.#range(range, here, scope)) {
        if (++this.#count >= MOST) {
          return this.#problem(at, `there are more than ${MOST} repetitions`);
        }
        const shown = typeof value === "object" ? "" : `${name} = ${value}`;
        const loop = [place.loop, shown].filter(Boolean).join(", ");
        next(index + 1, { ...place, loop }, new Loop(scope, name, value));
      }
    };
    next(0, place, scope);
  }

  /** The values of a variable of a repetition: of a range, or of a list. */
  #range(given: unknown, place: Place, scope: Scope): Iterable<unknown> {
    const before = this.#problems.length;
    const value = this.#value(given, place, scope);
    if (Array.isArray(value)) return value;
    if (this.#problems.length > before) return [];
    const [, first, last] = /^(-?\d{1,9})\.\.(-?\d{1,9})$/.exec(
      String(value),
    ) ?? [];
    if (first !== undefined && last !== undefined) {
      const count = Number(last) - Number(first);
      if (count < MOST) return numbers(Number(first), Number(last));
      this.#problem(place, `there are more than ${MOST} repetitions`);
      return [];
    }
    const shown = isMapping(value) ? "a mapping" : JSON.stringify(value);
    const expected = "a range such as 1..4, or a list";
    this.#problem(place, `${shown} is not ${expected}`);
    return [];
  }

  /** Merges a value with one of the same key before it: lists are joined. */
  #merged(
    first: unknown,
    { value, place }: Placed,
    firstPlace: Place,
  ): unknown {
    if (first === undefined || first === null) return value;
    if (value === undefined || value === null || first === value) return first;
    if (Array.isArray(first) && Array.isArray(value)) {
      const places = new Map(this.#places.get(first));
      for (const [at, one] of this.#places.get(value) ?? []) {
        places.set(first.length + Number(at), one);
      }
      const list = first.concat(value);
      this.#places.set(list, places);
      return list;
    }
    if (isMapping(first) && isMapping(value)) {
      const places = new Map(this.#places.get(first));
      const values = new Map(Object.entries(first));
      for (const [key, one] of Object.entries(value)) {
        const at = this.#places.get(value)?.get(key) ?? inside(place, key);
        const before = places.get(key);
        values.set(
          key,
          before === undefined ? one : this.#merged(
            values.get(key),
            { value: one, place: at },
            before,
          ),
        );
        if (before === undefined) places.set(key, at);
      }
      const result = Object.fromEntries(values);
      this.#places.set(result, places);
      return result;
    }
    const otherPlace = firstPlace;
    this.#problem(place, "it has another value elsewhere", { otherPlace });
    return first;
  }
}

function inside(place: Place, part: string | number): Place {
  return { ...place, path: [...place.path, part] };
}

function* numbers(first: number, last: number): Generator<number, void, void> {
  for (let number = first; number <= last; number++) yield number;
}
