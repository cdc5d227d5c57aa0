// The options of a kind of link as `ip link` takes them: its words, most with a
// value behind them, some standing alone, some with "no" in front.

import { ArgumentError } from "../../lib/errors.ts";
import {
  linkKind,
  type LinkPortOptions,
  PORT_KIND_NAMES,
  portKind,
} from "../../lib/route/change/kinds/mod.ts";
import type { Option, OptionTable } from "../../lib/route/change/option.ts";
import { SETTINGS } from "../../lib/route/change/settings.ts";
import { namespaceOrProcess } from "../namespace.ts";
import { suggest } from "../suggest.ts";

type Values = Record<string, unknown>;

/** The port of a master is set by a type of that ending. */
const PORT = "_slave";

/** What the words of `type KIND ...` say. */
export interface KindWords {
  /** The kind, of `type KIND`. */
  readonly kind?: string;
  /** The master's kind, of `type KIND_slave`. */
  readonly port?: keyof LinkPortOptions;
  readonly options: Values;
}

/** Reads what stands behind `--type`. */
export function readKindWords(
  type: string,
  words: readonly string[],
): KindWords {
  if (type.endsWith(PORT)) {
    const port = PORT_KIND_NAMES.find((name) => `${name}${PORT}` === type);
    const kind = port && portKind(port);
    if (kind === undefined) {
      throw new ArgumentError("--type", type, "bridge_slave or bond_slave");
    }
    return { port, options: readWords(type, kind.options, words) };
  }
  const { options } = linkKind(type);
  if (type !== "veth") {
    return { kind: type, options: readWords(type, options, words) };
  }
  if (words.length === 0) return { kind: type, options: {} };
  const [peer, ...rest] = words;
  if (peer !== "peer") throw unknown(type, peer, { peer: options.peer });
  return { kind: type, options: { peer: readSettings(rest) } };
}

/** Reads the other end of a veth: a link's settings in words. */
function readSettings(words: readonly string[]): Values {
  const first = words[0];
  // As `ip` has it, "peer NAME" is short for "peer name NAME".
  const short = first !== undefined && first !== "down" &&
    !Object.hasOwn(SETTINGS, first);
  const down = words.indexOf("down");
  const values = readWords(
    "peer",
    SETTINGS,
    [...short ? ["name"] : [], ...words].filter((word) => word !== "down"),
  );
  if (down >= 0) values.up = false;
  if (typeof values.netns === "string") {
    values.netns = namespaceOrProcess(values.netns);
  }
  return values;
}

function readWords(
  whose: string,
  table: OptionTable,
  words: readonly string[],
): Values {
  const values: Values = {};
  for (let at = 0; at < words.length;) {
    const word = words[at++];
    const name = find(table, word);
    if (name === undefined) throw unknown(whose, word, table);
    const option = table[name];
    if (Object.hasOwn(values, name)) {
      throw new ArgumentError(whose, word, "wanted twice");
    }
    if (name !== word) {
      values[name] = option.no;
    } else if (option.alone !== undefined) {
      values[name] = option.alone;
    } else {
      const count = option.several ? longest(option, words.slice(at)) : 1;
      if (at + count > words.length) {
        throw new ArgumentError(
          `${whose} ${word}`,
          "",
          option.expected,
        );
      }
      values[name] = words.slice(at, at + count).join(" ");
      at += count;
    }
  }
  return values;
}

/** The option a word speaks of, with or without "no" in front. */
function find(table: OptionTable, word: string): string | undefined {
  if (Object.hasOwn(table, word)) return word;
  const name = word.replace(/^no/, "");
  return name !== word && Object.hasOwn(table, name) &&
      table[name].no !== undefined
    ? name
    : undefined;
}

/** How many of the next words make a value of an option that takes several. */
function longest(option: Option<unknown>, words: readonly string[]): number {
  for (let count = words.length; count > 1; count--) {
    const value = words.slice(0, count).join(" ");
    if (option.read(value) !== undefined) return count;
  }
  return 1;
}

function unknown(
  whose: string,
  word: string,
  table: OptionTable,
): ArgumentError {
  const known = Object.entries(table).flatMap(([name, { no }]) => [
    name,
    ...no === undefined ? [] : [`no${name}`],
  ]);
  const meant = suggest(word, known);
  return new ArgumentError(
    whose,
    word,
    known.length === 0
      ? "possible: there are no options"
      : meant === undefined
      ? `an option: those there are are ${known.join(", ")}`
      : `an option; did you mean ${meant}?`,
  );
}
