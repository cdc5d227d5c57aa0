import { parseArgs as tokenize } from "node:util";

type Names<T extends string> = T | readonly T[];

export interface ParseOptions<
  B extends string = string,
  S extends string = string,
  C extends string = string,
> {
  /** Options that never take the next argument as their value. */
  boolean?: boolean | Names<B>;
  /** Options whose value stays a string, "" when there is none. */
  string?: Names<S>;
  /** Options that may be given many times; their value is an array. */
  collect?: Names<C>;
  /** Options that `--no-NAME` sets to false. */
  negatable?: Names<string>;
  /** Other names of an option, both appear in the result. */
  alias?: Record<string, Names<string>>;
  default?: Record<string, unknown>;
  /** Keep what follows `--` under the key "--" instead of "_". */
  "--"?: boolean;
  /** Everything after the first positional argument is positional. */
  stopEarly?: boolean;
}

/** What was given by name, beside the positional arguments in `_`. */
export type Args<
  B extends string = never,
  S extends string = never,
  C extends string = never,
> =
  & { [K in Exclude<B, C>]: boolean }
  & { [K in Exclude<S, C>]?: string }
  & { [K in S & C]: string[] }
  & { [K in Exclude<C, S>]: unknown[] }
  // deno-lint-ignore no-explicit-any
  & Record<string, any>
  & { _: Array<string | number>; "--"?: string[] };

function list(names: boolean | string | readonly string[] = []): string[] {
  return typeof names === "boolean" ? [] : [names].flat();
}

function coerce(value: string): string | number {
  return value.trim() !== "" && Number.isFinite(Number(value))
    ? Number(value)
    : value;
}

export function parseArgs<
  const B extends string = never,
  const S extends string = never,
  const C extends string = never,
>(
  args: readonly string[],
  options: ParseOptions<B, S, C> = {},
): Args<B, S, C> {
  const groups = Object.entries(options.alias ?? {})
    .map(([name, others]) => [name, ...list(others)]);
  const family = (name: string) =>
    groups.find((group) => group.includes(name)) ?? [name];
  const named = (names: boolean | string | readonly string[] | undefined) => {
    const set = new Set(list(names).flatMap(family));
    return (name: string) => set.has(name);
  };
  const isString = named(options.string);
  const isBoolean = named(options.boolean);
  const isCollected = named(options.collect);
  const isNegatable = named(options.negatable);
  const takesNext = (name: string) =>
    !isBoolean(name) && options.boolean !== true;

  const result: Args = { _: [] };
  const given = new Set<string>();
  const set = (name: string, value: unknown) => {
    for (const key of family(name)) {
      if (isCollected(key)) {
        result[key] = given.has(key) ? [...result[key], value] : [value];
      } else result[key] = value;
      given.add(key);
    }
  };

  for (const name of [...list(options.boolean)].flatMap(family)) {
    result[name] = false;
  }
  for (const name of list(options.collect).flatMap(family)) result[name] = [];
  for (const [name, value] of Object.entries(options.default ?? {})) {
    for (const key of family(name)) result[key] = value;
  }

  const end = args.indexOf("--");
  const before = end < 0 ? args : args.slice(0, end);
  const after = end < 0 ? [] : args.slice(end + 1);
  const { tokens } = tokenize({
    args: [...before],
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i];
    if (token.kind === "positional") {
      if (options.stopEarly) {
        result._ = result._.concat(before.slice(token.index));
        break;
      }
      result._.push(isString("_") ? token.value : coerce(token.value));
    }
    if (token.kind !== "option") continue;
    const negated = token.name.replace(/^no-/, "");
    if (negated !== token.name && isNegatable(negated)) {
      set(negated, false);
      continue;
    }
    let value = token.value;
    const next = tokens[i + 1];
    if (
      value === undefined && takesNext(token.name) &&
      next?.kind === "positional" && next.index === token.index + 1
    ) {
      value = next.value;
      i++;
    }
    if (isString(token.name)) set(token.name, value ?? "");
    else if (value === undefined) set(token.name, true);
    else if (isBoolean(token.name)) set(token.name, value !== "false");
    else set(token.name, coerce(value));
  }

  if (options["--"]) result["--"] = after;
  else result._ = result._.concat(after);
  return result as Args<B, S, C>;
}
