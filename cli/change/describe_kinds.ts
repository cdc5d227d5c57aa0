// Link kinds and their options, for `link kinds`.

import { ArgumentError } from "../../lib/errors.ts";
import type { LinkKind } from "../../lib/rtnetlink/kinds/kind.ts";
import {
  KIND_NAMES,
  kindNamed,
  PORT_KIND_NAMES,
  portKind,
} from "../../lib/rtnetlink/kinds/mod.ts";
import { optionHelp } from "../../lib/rtnetlink/kinds/help.ts";
import { valueText } from "../../lib/rtnetlink/spec/table.ts";
import { suggest } from "../suggest.ts";

/** A kind, or an option of one. */
export interface Described {
  readonly name: string;
  /** The expected value of an option; "" for a flag. */
  readonly expected?: string;
  /** Its description. */
  readonly help?: string;
  /** The unit of its value. */
  readonly unit?: string;
  /** The default of the kernel. */
  readonly default?: string;
  /** The first kernel that supports it. */
  readonly since?: string;
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
      "a kind with known options" +
        (meant === undefined ? "" : `; did you mean ${meant}?`),
    );
  }
  return options(kindNamed(name));
}

function options(kind: LinkKind): Described[] {
  return Object.entries(kind.options).map(([word, option]) => {
    const { alone, no, expected, unit, since, kernelDefault } = option;
    const help = optionHelp(kind.name, word);
    return {
      name: no === undefined ? word : `[no]${word}`,
      expected: alone !== undefined ? "" : expected,
      ...(help !== undefined && { help }),
      ...(unit !== undefined && { unit }),
      ...(kernelDefault !== undefined && { default: valueText(kernelDefault) }),
      ...(since !== undefined && { since }),
    };
  });
}

/** An option on one line. */
export function describedText(
  { name, expected, help, unit, default: value, since }: Described,
): string {
  if (expected === undefined) return name;
  const more = [
    ...unit === undefined ? [] : [`in ${unit}`],
    ...value === undefined ? [] : [`default: ${value}`],
    ...since === undefined ? [] : [`since Linux ${since}`],
  ].join(", ");
  const sentence = help?.replace(/\.$/, "");
  const about = [sentence, expected].filter(Boolean).join(": ");
  return `${name.padEnd(30)} ${about}${more === "" ? "" : ` (${more})`}`;
}
