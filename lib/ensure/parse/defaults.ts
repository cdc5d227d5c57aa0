// Default settings of links, by kind and by pattern of names.

import type { OptionValues } from "../../rtnetlink/spec/attribute.ts";
import { text } from "../../rtnetlink/spec/value.ts";
import type { Path } from "./error.ts";
import type { Input } from "./input.ts";
import { type Keys, PEER } from "./keys.ts";
import type { LinkDraft } from "./link.ts";
import { namePattern } from "./name_pattern.ts";
import { NAMES } from "./selection.ts";

/** Settings of links of a kind, or with names of a pattern. */
export interface LinkDefaults {
  readonly kind: string | undefined;
  readonly names: RegExp | undefined;
  readonly settings: OptionValues;
}

const { name: _, netns: __, master: ___, address: ____, ...SETTINGS } = PEER;

/** Keys of an item of `defaults`. */
export const DEFAULTS: Keys = { kind: text(15), name: NAMES, ...SETTINGS };

/** Parses an item of `defaults`. */
export function parseDefaults(
  input: Input,
  path: Path,
  given: unknown,
): LinkDefaults | undefined {
  const mapping = input.mapping(path, given);
  if (mapping === undefined) return undefined;
  const { kind, name, ...settings } = input.values(path, mapping, DEFAULTS);
  return {
    kind: kind as string | undefined,
    names: name === undefined ? undefined : namePattern(String(name)),
    settings,
  };
}

/** Adds default settings to a link; its own and later defaults win. */
export function applyDefaults(
  link: LinkDraft,
  defaults: readonly LinkDefaults[],
): void {
  let settings: OptionValues = {};
  for (const { kind, names, settings: more } of defaults) {
    if (kind !== undefined && kind !== link.kind) continue;
    if (names !== undefined && !names.test(link.name)) continue;
    settings = { ...settings, ...more };
  }
  link.settings = { ...settings, ...link.settings };
}
