// Parses the links of a configuration.

import { addAddress } from "../../rtnetlink/address.ts";
import {
  addLink,
  type LinkPort,
  type LinkSpec,
  setLink,
} from "../../rtnetlink/changes/link.ts";
import { addBridgeVlan } from "../../rtnetlink/bridge_vlan.ts";
import { addFdb } from "../../rtnetlink/fdb.ts";
import {
  KIND_NAMES,
  kindNamed,
  PORT_KIND_NAMES,
  portKind,
} from "../../rtnetlink/kinds/mod.ts";
import { addMdb } from "../../rtnetlink/mdb.ts";
import type { OptionValues } from "../../rtnetlink/spec/attribute.ts";
import type {
  AddressConfiguration,
  DeviceIdentity,
  ExclusiveKind,
  LinkHooks,
  MdbConfiguration,
  VlanConfiguration,
} from "./configuration.ts";
import {
  cacheChange,
  type DesiredLink,
  type NamespaceName,
  pathOf,
  setPath,
} from "./desired.ts";
import type { Path } from "./error.ts";
import { type Input, shown } from "./input.ts";
import { parseClass, parseQdisc } from "./qdisc.ts";
import { hasState, parseAbsentAddress, parseAbsentVlan } from "./selection.ts";
import { parseSysctls } from "./sysctls.ts";
import {
  FDB_KEYS,
  HOOK_KEYS,
  IDENTITY_KEYS,
  type Keys,
  lasting,
  LINK,
  LINK_ADDRESS,
  LINK_EXCLUSIVE,
  linkName,
  MDB_KEYS,
  PEER,
  VLAN_KEYS,
} from "./keys.ts";

/** A link that its veth peer may still change. */
export type LinkDraft = {
  -readonly [Field in keyof DesiredLink]: DesiredLink[Field];
};

/** A veth peer, as the other end configures it. */
export interface Peer {
  readonly path: Path;
  readonly of: LinkDraft;
  readonly name: string;
  readonly netns: string | undefined;
  readonly settings: OptionValues;
  readonly master: string | null | undefined;
}

/** The ports of a link, as it names them. */
export interface Ports {
  readonly path: Path;
  readonly of: LinkDraft;
  readonly names: readonly string[];
}

/** Links that a link names, to be resolved once all are parsed. */
export interface Named {
  readonly peers: Peer[];
  readonly ports: Ports[];
}

/** A link of which only the name is known. */
export function bareLink(
  path: Path,
  namespace: NamespaceName,
  name: string,
): LinkDraft {
  return {
    path,
    namespace,
    from: namespace,
    name,
    kind: undefined,
    identity: undefined,
    hooks: {},
    link: undefined,
    settings: {},
    master: undefined,
    options: {},
    port: undefined,
    altnames: [],
    addresses: [],
    absentAddresses: [],
    fdb: [],
    vlans: [],
    absentVlans: [],
    mdb: [],
    listed: new Set(),
    qdiscs: [],
    classes: [],
    sysctls: [],
    exclusive: new Set(),
    peer: undefined,
    isPeer: false,
  };
}

/** Keys of a link that have their own parser. */
const OTHERS = [
  "hooks",
  "identify",
  "options",
  "port",
  "ports",
  "addresses",
  "fdb",
  "vlans",
  "mdb",
  "qdisc",
  "classes",
  "sysctls",
  "exclusive",
];

/** The types of objects in `exclusive`. */
export function parseExclusive(
  input: Input,
  path: Path,
  given: unknown,
  kinds: readonly ExclusiveKind[],
): Set<ExclusiveKind> {
  if (given === undefined || given === null || given === false) {
    return new Set();
  }
  // All types, except objects that protocols add.
  if (given === true) return new Set(kinds.filter((one) => one !== "dynamic"));
  if (!Array.isArray(given)) {
    const expected = `true, false or a list of ${kinds.join(", ")}`;
    input.problem(path, `${shown(given)} is not ${expected}`);
    return new Set();
  }
  return new Set(input.list(path, given, (one, path) => {
    const kind = kinds.find((kind) => kind === one);
    if (kind === undefined) input.unknownValue(path, one, kinds);
    return kind;
  }));
}

function parseAddress(
  input: Input,
  path: Path,
  given: unknown,
  dev: string,
): AddressConfiguration | undefined {
  const isText = typeof given === "string";
  const mapping = isText ? { address: given } : input.mapping(path, given);
  if (mapping === undefined) return undefined;
  return input.ifRight(() => {
    const address = (isText
      ? { address: input.value(path, given, LINK_ADDRESS.address) }
      : input.values(path, mapping, LINK_ADDRESS, [
        "address",
      ])) as unknown as AddressConfiguration;
    if (address.address === undefined) {
      return undefined;
    }
    const change = input.attempt(path, () =>
      addAddress({ ...address, dev }));
    if (change !== undefined) cacheChange(address, change);
    setPath(address, path);
    return address;
  });
}

/**
 * Parses an entry of a table of a link.
 *
 * @param check Throws for keys that exclude or require each other.
 */
function parseEntry<T extends object>(
  input: Input,
  path: Path,
  given: unknown,
  [keys, required]: readonly [Keys, required: string],
  check: (entry: T) => unknown,
): T | undefined {
  const mapping = input.mapping(path, given);
  return mapping && input.ifRight(() => {
    const before = input.problems.length;
    const values = input.values(path, mapping, keys, [required]);
    if (input.problems.length > before) return undefined;
    const entry = values as unknown as T;
    setPath(entry, path);
    input.attempt(path, () => check(entry));
    return entry;
  });
}

/** Parses VLANs: a number, a range, or a mapping. */
function parseVlan(
  input: Input,
  path: Path,
  given: unknown,
): VlanConfiguration | undefined {
  if (typeof given === "object") {
    return parseEntry<VlanConfiguration>(
      input,
      path,
      given,
      [VLAN_KEYS, "vid"],
      (vlan) => addBridgeVlan({ ...vlan, dev: 1 }),
    );
  }
  const vid = input.value(path, given, VLAN_KEYS.vid);
  if (vid === undefined) return undefined;
  const vlan = { vid };
  setPath(vlan, path);
  return vlan;
}

/** The types of tables that a link has, also empty ones. */
function listedTables(
  mapping: Readonly<Record<string, unknown>>,
): Set<ExclusiveKind> {
  const kinds = ["vlans", "fdb", "mdb"] as const;
  return new Set(kinds.filter((kind) => Array.isArray(mapping[kind])));
}

function parseOptions(
  input: Input,
  path: Path,
  kind: string | undefined,
  given: unknown,
): OptionValues {
  if (given === undefined || given === null) return {};
  const mapping = input.mapping(path, given);
  if (mapping === undefined) return {};
  if (kind === undefined) {
    input.problem(path, "options need the kind of the link");
    return {};
  }
  if (kindNamed(kind).pair) {
    const { peer: _, ...others } = mapping;
    return input.values(path, others, {}, [], ["peer"]);
  }
  const isKnown = KIND_NAMES.some((one) => one === kind);
  if (!isKnown && Object.keys(mapping).length > 0) {
    input.problems.push({
      path: [...path.slice(0, -1), "kind"],
      message: `${shown(kind)} is no kind with known options`,
      unknown: kind,
      known: KIND_NAMES,
    });
    return {};
  }
  return input.values(path, mapping, lasting(kindNamed(kind).options));
}

/** Parses `identify`; a device that is moved has the same name by default. */
function parseIdentity(
  input: Input,
  path: Path,
  given: unknown,
  { name, kind, isMoved }: {
    readonly name: string;
    readonly kind: string | undefined;
    readonly isMoved: boolean;
  },
): DeviceIdentity | undefined {
  if (given === undefined || given === null) {
    return isMoved && kind === undefined ? { name } : undefined;
  }
  const mapping = input.mapping(path, given);
  if (mapping === undefined) return undefined;
  if (kind !== undefined) {
    input.problem(path, "identify is of an existing device: without kind");
  }
  const identity = input.values(path, mapping, IDENTITY_KEYS);
  if (Object.keys(identity).every((key) => key === "bus")) {
    input.problem(path, "identify needs name, address or parent");
  }
  return identity;
}

function parseHooks(
  input: Input,
  path: Path,
  kind: string | undefined,
  given: unknown,
): LinkHooks {
  if (given === undefined || given === null) return {};
  const mapping = input.mapping(path, given);
  if (mapping === undefined) return {};
  if (kind === undefined) {
    input.problem(path, "hooks run when a link is made: with kind");
  }
  return input.values(path, mapping, HOOK_KEYS);
}

function parsePort(
  input: Input,
  path: Path,
  given: unknown,
): LinkPort | undefined {
  if (given === undefined || given === null) return undefined;
  const mapping = input.mapping(path, given);
  if (mapping === undefined) return undefined;
  const { kind, options, ...others } = mapping;
  for (const key of Object.keys(others)) {
    input.unknownKey(path, key, ["kind", "options"]);
  }
  const name = PORT_KIND_NAMES.find((one) => one === kind);
  if (name === undefined) {
    const kinds = PORT_KIND_NAMES.join(" or ");
    input.problem([...path, "kind"], `${shown(kind ?? null)} is not ${kinds}`);
    return undefined;
  }
  const at = [...path, "options"];
  const values = input.mapping(at, options ?? {});
  const keys = lasting(portKind(name)!.options);
  return values && { kind: name, options: input.values(at, values, keys) };
}

/**
 * Parses a link.
 *
 * @param named Receives the links that it names.
 */
export function parseLink(
  input: Input,
  path: Path,
  given: unknown,
  from: NamespaceName,
  { peers, ports: masters }: Named,
): LinkDraft | undefined {
  const mapping = input.mapping(path, given);
  if (mapping === undefined) return undefined;
  const { options, port, addresses, vlans } = mapping;
  const { qdisc, classes, sysctls, exclusive } = mapping;
  const before = input.problems.length;
  const { name, kind, link, netns, altnames, master, ...settings } = input
    .values(path, mapping, LINK, ["name"], OTHERS) as {
      readonly [key: string]: unknown;
      readonly name: string;
      readonly kind?: string;
      readonly link?: string;
      readonly netns?: string;
      readonly altnames?: string[];
      readonly master?: string | null;
    };
  const at = (key: string) => [...path, key];
  const draft: LinkDraft = {
    path,
    namespace: netns ?? from,
    from,
    name,
    kind,
    identity: parseIdentity(input, at("identify"), mapping.identify, {
      name,
      kind,
      isMoved: netns !== undefined && netns !== from,
    }),
    hooks: parseHooks(input, at("hooks"), kind, mapping.hooks),
    link,
    settings,
    master,
    options: parseOptions(input, at("options"), kind, options),
    port: parsePort(input, at("port"), port),
    altnames: altnames ?? [],
    // A link without a name is a problem already.
    addresses: input.list(
      at("addresses"),
      addresses,
      (one, path) =>
        hasState(one)
          ? undefined
          : parseAddress(input, path, one, name ?? "link"),
    ),
    absentAddresses: !Array.isArray(addresses) ? [] : input.list(
      at("addresses"),
      addresses,
      (one, path) =>
        hasState(one) ? parseAbsentAddress(input, path, one) : undefined,
    ),
    fdb: input.list(
      at("fdb"),
      mapping.fdb,
      (one, path) =>
        parseEntry<DesiredLink["fdb"][number]>(
          input,
          path,
          one,
          [FDB_KEYS, "to"],
          (entry) => addFdb({ ...entry, dev: name ?? "link" }),
        ),
    ),
    vlans: input.list(
      at("vlans"),
      vlans,
      (one, path) => hasState(one) ? undefined : parseVlan(input, path, one),
    ),
    absentVlans: !Array.isArray(vlans) ? [] : input.list(
      at("vlans"),
      vlans,
      (one, path) =>
        hasState(one) ? parseAbsentVlan(input, path, one) : undefined,
    ),
    mdb: input.list(
      at("mdb"),
      mapping.mdb,
      (one, path) =>
        parseEntry<MdbConfiguration>(
          input,
          path,
          one,
          [MDB_KEYS, "grp"],
          (entry) => addMdb({ ...entry, dev: 1, port: 1 }),
        ),
    ),
    listed: listedTables(mapping),
    qdiscs: Array.isArray(qdisc) || qdisc === undefined || qdisc === null
      ? input.list(
        at("qdisc"),
        qdisc,
        (one, path) => parseQdisc(input, path, one),
      )
      : [parseQdisc(input, at("qdisc"), qdisc)].filter((one) =>
        one !== undefined
      ),
    classes: input.list(
      at("classes"),
      classes,
      (one, path) => parseClass(input, path, one),
    ),
    sysctls: parseSysctls(input, at("sysctls"), sysctls, name),
    exclusive: parseExclusive(
      input,
      at("exclusive"),
      exclusive,
      LINK_EXCLUSIVE,
    ),
    peer: undefined,
    isPeer: false,
  };
  const peer = kind !== undefined && kindNamed(kind).pair
    ? (options as { readonly peer?: unknown } | null | undefined)?.peer
    : undefined;
  if (peer !== undefined && peer !== null) {
    const end = parsePeer(input, [...at("options"), "peer"], peer, draft);
    if (end !== undefined) peers.push(end);
  }
  const ports = input.list(
    at("ports"),
    mapping.ports,
    (one, path) => input.value(path, one, linkName),
  );
  if (ports.length > 0) {
    masters.push({ path: at("ports"), of: draft, names: ports });
  }
  if (input.problems.length > before) return undefined;
  checkLower(input, draft);
  checkMtu(input, draft);
  if (input.problems.length > before) return undefined;
  // Keys that exclude or require each other.
  input.attempt(path, () => {
    if (kind !== undefined) addLink(creation(draft));
    const { port } = draft;
    setLink(name, { ...(port && { port }), ...(master && { master }) });
  });
  return draft;
}

/** Checks that the multicast entries of a link have a database. */
export function checkGroups(
  input: Input,
  { kind, master, mdb }: DesiredLink,
): void {
  // The master of an existing device is known later.
  if (kind === undefined || master) return;
  const entry = mdb.find(({ dst }) => dst === undefined);
  if (entry === undefined) return;
  const message = kind === "bridge"
    ? "groups that a bridge itself receives expire; mdb is of its ports"
    : "the link has to be the port of a bridge; entries of a VXLAN need dst";
  input.problem(pathOf(entry)!, message);
}

/** IPV6_MIN_MTU of linux/ipv6.h: below it the kernel rejects IPv6 addresses. */
const IPV6_MTU = 1280;

function checkMtu(
  input: Input,
  { path, settings: { mtu }, addresses }: LinkDraft,
): void {
  if (typeof mtu !== "number" || mtu >= IPV6_MTU) return;
  const six = addresses.find(({ address }) => address.includes(":"));
  if (six === undefined) return;
  input.problem(
    [...path, "mtu"],
    `${mtu} is not ${IPV6_MTU} or more, which IPv6 (${six.address}) needs`,
  );
}

/** Checks that a link has a lower link exactly if its kind requires one. */
function checkLower(
  input: Input,
  { path, kind, link }: LinkDraft,
): void {
  if (kind === undefined) {
    if (link !== undefined) {
      input.problem([...path, "link"], "link needs the kind of the link");
    }
    return;
  }
  const { lower, options } = kindNamed(kind);
  if (lower && link === undefined) {
    input.problem(path, `link is missing: the lower link of a ${kind}`);
  } else if (
    !lower && link !== undefined && KIND_NAMES.some((one) => one === kind)
  ) {
    const key = Object.keys(options).find((key) => options[key]?.link);
    const instead = key === undefined ? "" : `; see options.${key}`;
    input.problem([...path, "link"], `a ${kind} has no lower link${instead}`);
  }
}

function parsePeer(
  input: Input,
  path: Path,
  given: unknown,
  of: LinkDraft,
): Peer | undefined {
  const mapping = input.mapping(path, given);
  if (mapping === undefined) return undefined;
  const { name, netns, master, ...settings } = input.values(
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

/** Settings that the kernel accepts only for an existing link. */
const LATER: ReadonlySet<string> = new Set([
  "up",
  "addrgenmode",
  "alias",
  "carrier",
  "protodown",
]);

/** The settings of the request that creates a link. */
export function firstSettings({ settings }: DesiredLink): OptionValues {
  return Object.fromEntries(
    Object.entries(settings).filter(([key]) => !LATER.has(key)),
  );
}

/** The settings that follow later, without `up`. */
export function laterSettings({ settings }: DesiredLink): OptionValues {
  return Object.fromEntries(
    Object.entries(settings).filter(([key]) => LATER.has(key) && key !== "up"),
  );
}

/** The options that name a port of the link, which are set once it is one. */
export function laterOptions({ kind, options }: DesiredLink): OptionValues {
  const entries = kindNamed(kind ?? "").options;
  return Object.fromEntries(
    Object.entries(options).filter(([key]) => entries[key]?.ofPort),
  );
}

/**
 * The request that creates a link, without settings that depend on other links.
 */
export function creation(link: DesiredLink): LinkSpec {
  const { name, kind, link: lower } = link;
  const later = laterOptions(link);
  const options = Object.fromEntries(
    Object.entries(link.options).filter(([key]) => !(key in later)),
  );
  return {
    ...firstSettings(link),
    name,
    kind: kind!,
    ...(lower === undefined ? {} : { link: lower }),
    ...(Object.keys(options).length === 0 ? {} : { options }),
  };
}
