// In what a link differs from what it is to be, and what changes that.

import { IFLA_AF_SPEC } from "../../../ffi/layout/linux_if_link.ts";
import { kernelName, kindDifferences } from "../../rtnetlink/kinds/kind.ts";
import { kindNamed, portKind } from "../../rtnetlink/kinds/mod.ts";
import type { OptionValues } from "../../rtnetlink/spec/attribute.ts";
import type { NameLookup } from "../../rtnetlink/spec/name_lookup.ts";
import {
  type OptionDifference,
  valueText,
} from "../../rtnetlink/spec/table.ts";
import { readSettings, writeSettings } from "../change/settings.ts";
import { ipLink } from "../json/link.ts";
import { kindLevel, type Link } from "../link/link.ts";
import { LinkNames } from "../link/names.ts";
import { sameValue, valuesOf, within, written } from "./attributes.ts";
import type { DesiredLink } from "./desired.ts";
import type { State } from "./state.ts";

/** A word whose value is not the one that is wanted. */
export interface WordDifference {
  readonly word: string;
  /** "mtu is 1500, wanted 1400". */
  readonly reason: string;
}

/** Settings that only a new link can be given. */
const FIXED_SETTINGS: ReadonlySet<string> = new Set([
  "numtxqueues",
  "numrxqueues",
]);

/** Where `ip -d link` calls a setting something else. */
const KEYS: Readonly<Record<string, string>> = {
  txqueuelen: "txqlen",
  alias: "ifalias",
  mode: "linkmode",
  addrgenmode: "inet6_addr_gen_mode",
  numtxqueues: "num_tx_queues",
  numrxqueues: "num_rx_queues",
};

function settingText(link: Link, word: string): string {
  const told = ipLink(link, { names: new LinkNames([link]), details: true });
  const value = told[KEYS[word] ?? word];
  return valueText(value);
}

/** In which settings a link differs; each is compared as the kernel is told it. */
export function settingDifferences(
  link: Link,
  { settings }: Pick<DesiredLink, "settings">,
  numbers: NameLookup,
): WordDifference[] {
  const different: WordDifference[] = [];
  for (const [word, value] of Object.entries(settings)) {
    const read = readSettings({ [word]: value });
    if (read.change !== 0) {
      if ((link.flags & read.change) === (read.flags & read.change)) continue;
      const reason = word === "up"
        ? value ? "is down, wanted up" : "is up, wanted down"
        : `${word} is ${valueText(!value)}, wanted ${
          valueText(Boolean(value))
        }`;
      different.push({ word, reason });
      continue;
    }
    const wanted = valuesOf(
      written((body) => writeSettings(body, read, numbers)),
    );
    for (const [type, bytes] of wanted) {
      const found = link.attribute(type);
      const same = type === IFLA_AF_SPEC
        ? found !== undefined && within(
          written((body) => writeSettings(body, read, numbers)),
          link.attributes(),
          2,
        )
        : sameValue(bytes, found?.copy());
      if (same) continue;
      const reason = `${word} is ${settingText(link, word)}, wanted ${
        valueText(value)
      }`;
      different.push({ word, reason });
    }
  }
  return different;
}

/** What only a link made anew would have. */
export function reasonsToRemake(
  link: Link,
  desired: DesiredLink,
  home: State,
  from: State,
): string[] {
  const { kind } = desired;
  if (kind === undefined) return [];
  const data = link.data ?? {};
  const isTun = link.kind === "tun";
  if (
    link.kind !== kernelName(kindNamed(kind)) || (isTun && data.type !== kind)
  ) {
    const is = isTun ? String(data.type) : link.kind ?? "device";
    return [`is a ${is}, wanted a ${kind}`];
  }
  const reasons: string[] = [];
  if (desired.link !== undefined) {
    const lower = from.named(desired.link);
    if (lower === undefined || lower.ifindex !== link.link) {
      const is = home === from && link.link !== undefined &&
          link.linkNetnsid === undefined
        ? home.nameOf(link.link)
        : "another link";
      reasons.push(`stands on ${is}, wanted ${desired.link}`);
    }
  }
  const { settings, options } = desired;
  reasons.push(
    ...settingDifferences(link, { settings }, home.numbers)
      .filter(({ word }) => FIXED_SETTINGS.has(word))
      .map(({ reason }) => reason),
    ...optionDifferences(link, kind, options, from)
      .filter(({ change }) => change === "at creation")
      .map(reasonOf),
  );
  return reasons;
}

/** The settings to change of a link that stays. */
export function changeableSettings(
  differences: readonly WordDifference[],
): readonly WordDifference[] {
  return differences.filter(({ word }) => !FIXED_SETTINGS.has(word));
}

/** The options of its kind in which a link differs. */
export function optionDifferences(
  link: Link,
  kind: string,
  options: OptionValues,
  from: State,
): OptionDifference[] {
  return kindDifferences(
    kindNamed(kind),
    kindLevel(link),
    options,
    from.numbers,
    (ifindex) => from.nameOf(ifindex),
  );
}

/** The settings of a port in which a link differs. */
export function portDifferences(
  link: Link,
  { port }: DesiredLink,
  state: State,
): OptionDifference[] {
  const kind = port && portKind(port.kind);
  if (kind === undefined || link.masterKind !== port!.kind) {
    return Object.entries(port?.options ?? {}).map(([key, value]) => ({
      key,
      is: "not set",
      wanted: valueText(value),
      change: "any time",
    }));
  }
  return kindDifferences(
    kind,
    state.portLevel(link),
    { ...port!.options },
    state.numbers,
    (ifindex) => state.nameOf(ifindex),
  );
}

/** "mtu is 1500, wanted 1400". */
export function reasonOf({ key, is, wanted }: OptionDifference): string {
  return `${key} is ${is}, wanted ${wanted}`;
}
