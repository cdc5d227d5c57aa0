// Reads the links of a description.

import { addAddress } from "../../rtnetlink/changes/address.ts";
import {
  addLink,
  type LinkPort,
  type LinkSpec,
} from "../../rtnetlink/changes/link.ts";
import {
  KIND_NAMES,
  kindNamed,
  PORT_KIND_NAMES,
  portKind,
} from "../../rtnetlink/kinds/mod.ts";
import type { OptionValues } from "../../rtnetlink/spec/attribute.ts";
import type { Entries } from "../../rtnetlink/spec/table.ts";
import { setLink } from "../../rtnetlink/changes/link.ts";
import { keepChange } from "./checked_changes.ts";
import type { AddressDescription, ExclusiveKind } from "./description.ts";
import type { DesiredLink, NamespaceName } from "./desired.ts";
import type { Path } from "./problem.ts";
import { type Findings, shown } from "./reading.ts";
import {
  LINK,
  LINK_ADDRESS,
  LINK_EXCLUSIVE,
  PEER,
  type Words,
} from "./words.ts";

/** The other end of a veth as one end describes it. */
export interface PeerDescription {
  readonly path: Path;
  readonly of: DesiredLink;
  readonly name: string;
  readonly netns: string | undefined;
  readonly settings: OptionValues;
  readonly master: string | null | undefined;
}

const OTHERS = ["options", "port", "addresses", "exclusive"];

/** The kinds of object that `exclusive` names. */
export function parseExclusive(
  found: Findings,
  path: Path,
  given: unknown,
  kinds: readonly ExclusiveKind[],
): Set<ExclusiveKind> {
  if (given === undefined || given === false) return new Set();
  // Everything, but for what came by itself.
  if (given === true) return new Set(kinds.filter((one) => one !== "dynamic"));
  if (!Array.isArray(given)) {
    const expected = `true, false or a list of ${kinds.join(", ")}`;
    found.add(path, `${shown(given)} is not ${expected}`);
    return new Set();
  }
  const named = new Set<ExclusiveKind>();
  given.forEach((one, at) => {
    const kind = kinds.find((kind) => kind === one);
    if (kind !== undefined) named.add(kind);
    else if (typeof one === "string") {
      found.problems.push({
        path: [...path, at],
        message: `${shown(one)} is not one of ${kinds.join(", ")}`,
        unknown: one,
        known: kinds,
      });
    } else {
      found.add(
        [...path, at],
        `${shown(one)} is not one of ${kinds.join(", ")}`,
      );
    }
  });
  return named;
}

/** The options that describe a state. */
export function lasting(options: Entries): Words {
  return Object.fromEntries(
    Object.entries(options).filter(([, { once }]) => !once),
  );
}

function parseAddress(
  found: Findings,
  path: Path,
  given: unknown,
  link: string,
): AddressDescription | undefined {
  const mapping = typeof given === "string"
    ? { address: given }
    : found.mapping(path, given);
  if (mapping === undefined) return undefined;
  const before = found.problems.length;
  const at = typeof given === "string" ? [] : path;
  const values = typeof given === "string"
    ? { address: found.value(path, given, LINK_ADDRESS.address) }
    : found.words(at, mapping, LINK_ADDRESS, ["address"]);
  if (found.problems.length > before) return undefined;
  const address = values as unknown as AddressDescription;
  const change = found.try(path, () => addAddress({ ...address, dev: link }));
  if (change === undefined) return undefined;
  keepChange(address, change);
  return address;
}

function parseOptions(
  found: Findings,
  path: Path,
  kind: string | undefined,
  given: unknown,
): OptionValues {
  const mapping = found.mapping(path, given);
  if (mapping === undefined) return {};
  if (kind === undefined) {
    found.add(path, "options are for a link whose kind is given");
    return {};
  }
  const known = KIND_NAMES.some((one) => one === kind);
  if (!known && Object.keys(mapping).length > 0) {
    found.problems.push({
      path: [...path.slice(0, -1), "kind"],
      message: `${shown(kind)} is not a kind whose options are known`,
      unknown: kind,
      known: KIND_NAMES,
    });
    return {};
  }
  return found.words(path, mapping, lasting(kindNamed(kind).options));
}

function parsePort(
  found: Findings,
  path: Path,
  given: unknown,
): LinkPort | undefined {
  const mapping = found.mapping(path, given);
  if (mapping === undefined) return undefined;
  const { kind, options = {}, ...rest } = mapping;
  for (const word of Object.keys(rest)) {
    found.unknown(path, word, ["kind", "options"]);
  }
  const name = PORT_KIND_NAMES.find((one) => one === kind);
  if (name === undefined) {
    const kinds = PORT_KIND_NAMES.join(" or ");
    found.add([...path, "kind"], `${shown(kind ?? null)} is not ${kinds}`);
    return undefined;
  }
  const at = [...path, "options"];
  const values = found.mapping(at, options);
  const words = lasting(portKind(name)!.options);
  return values && { kind: name, options: found.words(at, values, words) };
}

/**
 * Reads a link.
 *
 * @param peers Where to put the other end of a veth.
 */
export function parseLink(
  found: Findings,
  path: Path,
  given: unknown,
  from: NamespaceName,
  peers: PeerDescription[],
): DesiredLink | undefined {
  const mapping = found.mapping(path, given);
  if (mapping === undefined) return undefined;
  const before = found.problems.length;
  const values = found.words(path, mapping, LINK, ["name"], OTHERS);
  const { name, kind, link, netns, altnames, master, ...settings } = values;
  const isVeth = kind === "veth";
  const {
    options: givenOptions = isVeth ? {} : undefined,
    port,
    addresses,
    exclusive,
  } = mapping;
  const { peer, ...plain } = isVeth
    ? found.mapping([...path, "options"], givenOptions) ?? {}
    : { peer: undefined };
  const optionsPath = [...path, "options"];
  const options = isVeth
    ? found.words(optionsPath, plain, {}, [], ["peer"])
    : givenOptions === undefined
    ? {}
    : parseOptions(
      found,
      optionsPath,
      kind as string | undefined,
      givenOptions,
    );
  const desired: DesiredLink = {
    path,
    namespace: (netns ?? from) as NamespaceName,
    from,
    name: String(name),
    kind: kind as string | undefined,
    link: link as string | undefined,
    settings,
    master: master as string | null | undefined,
    options,
    port: port === undefined
      ? undefined
      : parsePort(found, [...path, "port"], port),
    altnames: (altnames ?? []) as string[],
    addresses: found.list([...path, "addresses"], addresses).flatMap((
      one,
      at,
    ) =>
      parseAddress(
        found,
        [...path, "addresses", at],
        one,
        // Without a name, the link is refused anyway.
        name === undefined ? "it" : String(name),
      ) ?? []
    ),
    exclusive: parseExclusive(
      found,
      [...path, "exclusive"],
      exclusive,
      LINK_EXCLUSIVE,
    ),
    peer: undefined,
    isPeer: false,
  };
  if (peer !== undefined) {
    const end = parsePeer(found, [...optionsPath, "peer"], peer, desired);
    if (end !== undefined) peers.push(end);
  }
  if (found.problems.length > before) return undefined;
  if (kind === undefined && (link !== undefined || netns !== undefined)) {
    const word = link === undefined ? "netns" : "link";
    found.add([...path, word], `${word} is for a link whose kind is given`);
  }
  // What single words cannot tell: options that exclude or need each other.
  found.try(path, () => checkTogether(desired));
  return desired;
}

function checkTogether(link: DesiredLink): void {
  if (link.kind !== undefined) addLink(creation(link));
  const { port, master } = link;
  setLink(link.name, { ...(port && { port }), ...(master && { master }) });
}

/** What the kernel sets only of a link that is there. */
const LATER: ReadonlySet<string> = new Set([
  "up",
  "addrgenmode",
  "alias",
  "carrier",
  "protodown",
]);

/** The settings that a link is made with. */
export function firstSettings({ settings }: DesiredLink): OptionValues {
  return Object.fromEntries(
    Object.entries(settings).filter(([word]) => !LATER.has(word)),
  );
}

/** The settings that it is given then, but for being up. */
export function laterSettings({ settings }: DesiredLink): OptionValues {
  return Object.fromEntries(
    Object.entries(settings).filter(([word]) =>
      LATER.has(word) && word !== "up"
    ),
  );
}

/** The link as it is made: what needs others comes later. */
export function creation(link: DesiredLink): LinkSpec {
  return {
    ...firstSettings(link),
    name: link.name,
    kind: link.kind!,
    ...(link.link === undefined ? {} : { link: link.link }),
    ...(Object.keys(link.options).length === 0
      ? {}
      : { options: link.options }),
  };
}

function parsePeer(
  found: Findings,
  path: Path,
  given: unknown,
  of: DesiredLink,
): PeerDescription | undefined {
  const mapping = found.mapping(path, given);
  if (mapping === undefined) return undefined;
  const { name, netns, master, ...settings } = found.words(
    path,
    mapping,
    PEER,
    ["name"],
  );
  return {
    path,
    of,
    name: String(name),
    netns: netns as string | undefined,
    settings,
    master: master as string | null | undefined,
  };
}
