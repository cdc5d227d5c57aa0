// In what a link differs from what it is to be, and what changes that.

import {
  IFLA_AF_SPEC,
  IFLA_INFO_DATA,
  IFLA_LINKINFO,
} from "../../../ffi/layout/linux_if_link.ts";
import type { AttributeReader } from "../../netlink/attribute.ts";
import type { AttributeWriter } from "../../netlink/attribute_writer.ts";
import type { NameLookup } from "../change/change.ts";
import type { LinkKind } from "../change/kind.ts";
import { kernelKind, linkKind, portKind } from "../change/kinds/mod.ts";
import type { OptionValues } from "../change/option.ts";
import { readSettings, writeSettings } from "../change/settings.ts";
import { ipLink } from "../json/link.ts";
import type { Link } from "../link/link.ts";
import { LinkNames } from "../link/names.ts";
import {
  MASKED,
  sameBits,
  sameValue,
  shownValue,
  valuesOf,
  within,
  written,
} from "./attributes.ts";
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

/** Options that only a new link of a kind can be given; true for all. */
const FIXED_OPTIONS: Readonly<Record<string, readonly string[] | true>> = {
  vlan: ["id", "protocol"],
  vrf: ["table"],
  tun: true,
  tap: true,
  bond: ["mode"],
  vxlan: [
    "id",
    "srcport",
    "dstport",
    "l2miss",
    "l3miss",
    "proxy",
    "rsc",
    "udpcsum",
    "udp6zerocsumtx",
    "udp6zerocsumrx",
    "remcsumtx",
    "remcsumrx",
    "external",
    "gbp",
    "gpe",
    "vnifilter",
  ],
};

/** Whether an option can be given to a new link only. */
export function isFixed(kind: string, word: string): boolean {
  const fixed = FIXED_OPTIONS[kind];
  return fixed === true || (fixed?.includes(word) ?? false);
}

const onOff = (value: boolean) => value ? "on" : "off";

/** A wanted value for people. */
function wantedText(value: unknown): string {
  return typeof value === "boolean"
    ? onOff(value)
    : typeof value === "object"
    ? JSON.stringify(value)
    : String(value);
}

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
  return value === undefined ? "not set" : wantedText(value);
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
        : `${word} is ${onOff(!value)}, wanted ${onOff(Boolean(value))}`;
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
        wantedText(value)
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
    link.kind !== kernelKind(kind) || (isTun && data.type !== kind)
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
  return [
    ...reasons,
    ...settingDifferences(link, { settings }, home.numbers)
      .filter(({ word }) => FIXED_SETTINGS.has(word))
      .map(({ reason }) => reason),
    ...optionDifferences(link, kind, options, from)
      .filter(({ word }) => isFixed(kind, word))
      .map(({ reason }) => reason),
  ];
}

/** The settings to change of a link that stays. */
export function changeableSettings(
  differences: readonly WordDifference[],
): readonly WordDifference[] {
  return differences.filter(({ word }) => !FIXED_SETTINGS.has(word));
}

/** In which options of its kind a link differs. */
export function optionDifferences(
  link: Link,
  kind: string,
  options: OptionValues,
  from: State,
): WordDifference[] {
  if (Object.keys(options).length === 0) return [];
  if (kernelKind(kind) === "tun") return tunDifferences(link, options);
  const info = link.attribute(IFLA_LINKINFO)?.enter();
  let found: AttributeReader | undefined;
  while (found === undefined && info?.next()) {
    if (info.type === IFLA_INFO_DATA) found = info.enter();
  }
  return compareOptions(linkKind(kind), options, found, link.data, from);
}

/** In which options of a port a link differs. */
export function portDifferences(
  link: Link,
  { port }: DesiredLink,
  state: State,
): WordDifference[] {
  const kind = port && portKind(port.kind);
  if (kind === undefined || link.masterKind !== port!.kind) {
    return Object.keys(port?.options ?? {}).map((word) => ({
      word,
      reason: `${word} of the port is not set`,
    }));
  }
  return compareOptions(
    kind,
    { ...port!.options },
    state.portOptions(link),
    link.portData,
    state,
  );
}

/** What the ioctl of a TUN device set is told under other numbers. */
function tunDifferences(link: Link, options: OptionValues): WordDifference[] {
  const data = link.data ?? {};
  return Object.entries(options).flatMap(([word, value]) => {
    const is = data[word];
    const same = typeof value === "boolean"
      ? Boolean(is) === value
      : String(is) === String(value) || ids(word, is) === Number(value);
    return same ? [] : [{
      word,
      reason: `${word} is ${wantedText(is ?? "not set")}, wanted ${
        wantedText(value)
      }`,
    }];
  });
}

/** The number of a user or group that is told by its name. */
function ids(word: string, told: unknown): number | undefined {
  const option = linkKind("tun").options[word];
  const number = option.read(told);
  return typeof number === "number" ? number : undefined;
}

/** An option that is there or not has no value, or a number where it is told. */
function sameOption(
  wanted: Uint8Array,
  found: Uint8Array | undefined,
): boolean {
  if (wanted.length > 0) return sameValue(wanted, found);
  return found !== undefined &&
    (found.length === 0 || found.some((byte) => byte !== 0));
}

function compareOptions(
  kind: LinkKind,
  options: OptionValues,
  found: AttributeReader | undefined,
  data: Readonly<Record<string, unknown>> | undefined,
  state: State,
): WordDifference[] {
  const there = valuesOf(found);
  const different: WordDifference[] = [];
  const told = new Set<number>();
  const note = (word: string, type: number, wanted: unknown) => {
    const is = data?.[word] ?? shownValue(there.get(type));
    different.push({
      word,
      reason: `${word} is ${wantedText(is)}, wanted ${
        // The kernel's 0 and 1 beside a file's true and false.
        typeof is === "number" && typeof wanted === "boolean" ||
          typeof is === "string" && /^[01]$/.test(is) &&
            typeof wanted === "boolean"
          ? Number(wanted)
          : wantedText(wanted)}`,
    });
  };
  for (const [word, value] of Object.entries(options)) {
    const { write } = kind.options[word];
    if (write === undefined) continue;
    const own = valuesOf(written((body) => write(body, value, state.numbers)));
    for (const [type, bytes] of own) {
      told.add(type);
      if (!sameOption(bytes, there.get(type))) note(word, type, value);
    }
  }
  const { finish } = kind;
  if (finish === undefined) return different;
  const together = valuesOf(
    written((body: AttributeWriter) =>
      finish(body, options, state.numbers, false)
    ),
  );
  // What several options say together goes by the first of them.
  const word =
    Object.keys(options).find((one) => kind.options[one].write === undefined) ??
      Object.keys(options)[0];
  for (const [type, bytes] of together) {
    if (told.has(type)) continue;
    const same = MASKED[kind.name] === type ? sameBits : sameOption;
    if (!same(bytes, there.get(type))) note(word, type, options[word]);
  }
  return different;
}
