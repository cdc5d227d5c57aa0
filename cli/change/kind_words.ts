// The options of a kind of link as `ip link` takes them: its words, most with a
// value behind them, some standing alone, some with "no" in front.

import { ArgumentError } from "../../lib/errors.ts";
import {
  kindNamed,
  type LinkPortOptions,
  PORT_KIND_NAMES,
  portKind,
} from "../../lib/rtnetlink/kinds/mod.ts";
import { SETTINGS } from "../../lib/rtnetlink/settings.ts";
import { namespaceOrProcess } from "../namespace.ts";
import { readWords, unknownWord, type Values } from "./words.ts";

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
  const { options } = kindNamed(type);
  if (type !== "veth") {
    return { kind: type, options: readWords(type, options, words) };
  }
  if (words.length === 0) return { kind: type, options: {} };
  const [peer, ...rest] = words;
  if (peer !== "peer") throw unknownWord(type, peer, { peer: options.peer });
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
