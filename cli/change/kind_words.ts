// Parses the options of a link kind in the syntax of `ip link`.

import { ArgumentError } from "../../lib/errors.ts";
import {
  kindNamed,
  type LinkPortOptions,
  PORT_KIND_NAMES,
  portKind,
} from "../../lib/rtnetlink/kinds/mod.ts";
import { LINK_INDEX } from "../../lib/rtnetlink/kinds/veth.ts";
import { SETTINGS } from "../../lib/rtnetlink/settings.ts";
import { namespaceOrProcess } from "../namespace.ts";
import { readWords, unknownWord, type Values } from "./words.ts";

/** The suffix of `--type` for the options of a port. */
const PORT = "_slave";

/** The parsed words of `type KIND ...`. */
export interface KindWords {
  /** The kind, for `type KIND`. */
  readonly kind?: string;
  /** The kind of the master, for `type KIND_slave`. */
  readonly port?: keyof LinkPortOptions;
  readonly options: Values;
}

/** Parses the words of `--type`. */
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
  const { options, pair } = kindNamed(type);
  if (!pair) {
    return { kind: type, options: readWords(type, options, words) };
  }
  if (words.length === 0) return { kind: type, options: {} };
  const [peer, ...rest] = words;
  if (peer !== "peer") throw unknownWord(type, peer, { peer: options.peer });
  return { kind: type, options: { peer: readSettings(rest) } };
}

const PEER = { ...SETTINGS, index: LINK_INDEX };

/** Parses the settings of the peer of a veth. */
function readSettings(words: readonly string[]): Values {
  const first = words[0];
  // As in `ip`, "peer NAME" is short for "peer name NAME".
  const short = first !== undefined && first !== "down" &&
    !Object.hasOwn(PEER, first);
  const down = words.indexOf("down");
  const values = readWords(
    "peer",
    PEER,
    [...short ? ["name"] : [], ...words].filter((word) => word !== "down"),
  );
  if (down >= 0) values.up = false;
  if (typeof values.netns === "string") {
    values.netns = namespaceOrProcess(values.netns);
  }
  return values;
}
