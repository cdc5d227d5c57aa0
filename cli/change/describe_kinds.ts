// The kinds of link and their options, as `link kinds` lists them.

import { ArgumentError } from "../../lib/errors.ts";
import type { LinkKind } from "../../lib/rtnetlink/kinds/kind.ts";
import {
  KIND_NAMES,
  kindNamed,
  PORT_KIND_NAMES,
  portKind,
} from "../../lib/rtnetlink/kinds/mod.ts";
import { suggest } from "../suggest.ts";

/** A kind, or an option of one. */
export interface Described {
  readonly name: string;
  /** Of an option, what its value has to be; "" if it takes none. */
  readonly expected?: string;
}

const PORTS = PORT_KIND_NAMES.map((master) => `${master}_slave`);

/** All kinds, or the options of one. */
export function describeKinds(name: string | undefined): Described[] {
  if (name === undefined) {
    return [...KIND_NAMES, ...PORTS].toSorted().map((name) => ({ name }));
  }
  const port = portKind(name.replace(/_slave$/, ""));
  if (port?.name === name) return options(port);
  if (!KIND_NAMES.some((known) => known === name)) {
    const meant = suggest(name, [...KIND_NAMES, ...PORTS]);
    throw new ArgumentError(
      "kind",
      name,
      "a kind whose options are known" +
        (meant === undefined ? "" : `; did you mean ${meant}?`),
    );
  }
  return options(kindNamed(name));
}

function options(kind: LinkKind): Described[] {
  return Object.entries(kind.options).map(([word, option]) => {
    const takesNone = option.alone !== undefined;
    return {
      name: option.no === undefined ? word : `[no]${word}`,
      expected: takesNone ? "" : option.expected,
    };
  });
}
