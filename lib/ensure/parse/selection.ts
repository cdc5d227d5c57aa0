// Objects that a configuration selects without describing them: those with
// `state: absent`, and those of `ignore`.

import { type Cidr, tryParseCidr } from "../../net/prefix.ts";
import { ROUTE } from "../../rtnetlink/route.ts";
import { type Reader, text } from "../../rtnetlink/spec/value.ts";
import type { Path } from "./error.ts";
import type { Input } from "./input.ts";
import { type Keys, linkName, ROUTE_KEYS, VLAN_KEYS } from "./keys.ts";
import { namePattern } from "./name_pattern.ts";

/** Links that are removed. */
export interface AbsentLinks {
  /** Their path in the configuration. */
  readonly path: Path;
  /** Their name or pattern. */
  readonly name: string;
  /** The pattern as a regular expression. */
  readonly names: RegExp;
}

/** Routes that are removed: all that have these values. */
export interface AbsentRoutes {
  /** Undefined for the default route. */
  readonly to: Cidr | undefined;
  /** Their gateway. */
  readonly via: Cidr | undefined;
  /** The name of their link. */
  readonly dev: string | undefined;
  /** Their routing table. */
  readonly table: number;
  /** Their metric. */
  readonly metric: number | undefined;
  /** Their protocol. */
  readonly protocol: number | undefined;
}

/** Objects of other programs: those with all of these values. */
export interface Ignored {
  /** Names of links, also of links that objects refer to. */
  readonly names: RegExp | undefined;
  /** A network that contains their address or destination. */
  readonly prefix: Cidr | undefined;
  /** Their protocol. */
  readonly protocol: number | undefined;
}

/** A pattern of names of links. */
export const NAMES: Reader<string> = {
  ...text(127),
  expected: "a pattern of names: * stands for any text, ? for a character",
};

const ABSENT: Reader<string> = {
  expected: "absent; up: true sets a link up",
  schema: { const: "absent" },
  read: (given) => given === "absent" ? "absent" : undefined,
};

/** Keys of a link with `state: absent`. */
export const ABSENT_LINK: Keys = { name: NAMES, state: ABSENT };

/** Keys of an address with `state: absent`. */
export const ABSENT_ADDRESS: Keys = {
  address: {
    ...text(64),
    expected: "an address with its prefix length like 192.0.2.1/24",
    read: (given) =>
      /\/\d+$/.test(String(given)) && tryParseCidr(String(given))
        ? String(given)
        : undefined,
  },
  state: ABSENT,
};

/** Keys of a VLAN with `state: absent`. */
export const ABSENT_VLAN: Keys = { vid: VLAN_KEYS.vid, state: ABSENT };

const { to, via, table, metric, protocol } = ROUTE_KEYS;

/** Keys of a route with `state: absent`. */
export const ABSENT_ROUTE: Keys = {
  to: to!,
  via: via!,
  dev: linkName,
  table: table!,
  metric: metric!,
  protocol: protocol!,
  state: ABSENT,
};

/** Keys of an item of `ignore`. */
export const IGNORED: Keys = {
  name: NAMES,
  prefix: {
    ...ROUTE.options.to,
    expected: "a network like 192.0.2.0/24 or 2001:db8::/32",
    read: (given) =>
      tryParseCidr(String(given)) === undefined ? undefined : String(given),
  },
  protocol: protocol!,
};

/**
 * Links of container runtimes, virtual machines and VPNs: ignored with the
 * objects that refer to them, unless `exclusive` contains "dynamic".
 */
export const IGNORED_NAMES: readonly string[] = [
  "docker0",
  "br-????????????",
  "veth???????",
  "virbr*",
  "vnet*",
  "podman*",
  "lxcbr*",
  "lxdbr*",
  "incusbr*",
  "cni*",
  "flannel*",
  "cali*",
  "cilium_*",
  "kube-*",
  "tailscale*",
];

/** The entry of `ignore` for them. */
export const BUILT_IN: Ignored = {
  names: new RegExp(
    IGNORED_NAMES.map((name) => `(?:${namePattern(name).source})`).join("|"),
    "su",
  ),
  prefix: undefined,
  protocol: undefined,
};

/** Whether an item of a list has `state`, as objects that are removed do. */
export function hasState(given: unknown): boolean {
  return typeof given === "object" && given !== null && "state" in given;
}

/** Parses an item of `links` with `state: absent`. */
export function parseAbsentLink(
  input: Input,
  path: Path,
  given: unknown,
): AbsentLinks | undefined {
  const values = parse(input, path, given, ABSENT_LINK, "name");
  if (values === undefined) return undefined;
  const name = String(values.name);
  return { path, name, names: namePattern(name) };
}

/** Parses an item of `addresses` with `state: absent`. */
export function parseAbsentAddress(
  input: Input,
  path: Path,
  given: unknown,
): Cidr | undefined {
  const values = parse(input, path, given, ABSENT_ADDRESS, "address");
  return values && tryParseCidr(String(values.address));
}

/** Parses an item of `vlans` with `state: absent`. */
export function parseAbsentVlan(
  input: Input,
  path: Path,
  given: unknown,
): string | undefined {
  return parse(input, path, given, ABSENT_VLAN, "vid")?.vid as
    | string
    | undefined;
}

/** Parses an item of `routes` with `state: absent`. */
export function parseAbsentRoute(
  input: Input,
  path: Path,
  given: unknown,
): AbsentRoutes | undefined {
  const values = parse(input, path, given, ABSENT_ROUTE, "to");
  if (values === undefined) return undefined;
  const cidr = (value: unknown) =>
    value === undefined ? undefined : tryParseCidr(String(value));
  return {
    to: cidr(values.to),
    via: cidr(values.via),
    dev: values.dev as string | undefined,
    table: values.table as number | undefined ?? 254,
    metric: values.metric as number | undefined,
    protocol: values.protocol as number | undefined,
  };
}

/** Parses an item of `ignore`. */
export function parseIgnored(
  input: Input,
  path: Path,
  given: unknown,
): Ignored | undefined {
  const values = parse(input, path, given, IGNORED);
  if (values === undefined) return undefined;
  const { name, prefix, protocol } = values;
  if (Object.keys(values).length === 0) {
    input.problem(path, "name, prefix or protocol is missing");
    return undefined;
  }
  return {
    names: name === undefined ? undefined : namePattern(String(name)),
    prefix: prefix === undefined ? undefined : tryParseCidr(String(prefix)),
    protocol: protocol as number | undefined,
  };
}

function parse(
  input: Input,
  path: Path,
  given: unknown,
  keys: Keys,
  ...required: string[]
): Record<string, unknown> | undefined {
  const mapping = input.mapping(path, given);
  return mapping &&
    input.ifRight(() => input.values(path, mapping, keys, required));
}
