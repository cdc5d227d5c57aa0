// Describes the current state of namespaces as a configuration.

import { IFAPROT_KERNEL_LL } from "../../../ffi/uapi/linux_if_addr.ts";
import { NUD_PERMANENT } from "../../../ffi/uapi/linux_neighbour.ts";
import {
  RT_TABLE_MAIN,
  RTPROT_BOOT,
} from "../../../ffi/uapi/linux_rtnetlink.ts";
import { IFF_UP } from "../../../ffi/uapi/net_if.ts";
import { ADDRESS, type Address } from "../../rtnetlink/address.ts";
import { kernelName, type LinkKind } from "../../rtnetlink/kinds/kind.ts";
import { KIND_NAMES, kindNamed, portKind } from "../../rtnetlink/kinds/mod.ts";
import { kindLevel, type Link } from "../../rtnetlink/link/link.ts";
import { NEIGHBOUR, type Neighbour } from "../../rtnetlink/neighbour.ts";
import { type Nexthop, NEXTHOP_OBJECT } from "../../rtnetlink/nexthop.ts";
import { ROUTE, type Route } from "../../rtnetlink/route.ts";
import { RULE, type Rule } from "../../rtnetlink/rule.ts";
import { SETTINGS_TABLE } from "../../rtnetlink/settings.ts";
import { AttributeLevel } from "../../rtnetlink/spec/level.ts";
import type { AttributeTable } from "../../rtnetlink/spec/table.ts";
import type { FollowedNamespace } from "../apply/namespace_pool.ts";
import { lasting } from "../parse/keys.ts";
import type { NamespaceName } from "../parse/desired.ts";
import type { State, View } from "../plan/state.ts";
import { isOwnObject } from "../plan/unmanaged.ts";
import { BridgeTables } from "./bridge.ts";
import { deviceOf, type Draft, present } from "./draft.ts";
import { Queueing } from "./qdisc.ts";

/** The kernel's default metric of IPv6 routes. */
const IPV6_METRIC = 1024;

/** What is common to the description of all links. */
interface Context {
  readonly view: View;
  /** The ends of veth pairs that are created with their peers. */
  readonly ends: Set<Link>;
  /** See ExportOptions. */
  readonly isComplete: boolean;
}

/** Describes the namespaces of a view; the first one is the top level. */
export async function describe(
  followed: readonly FollowedNamespace[],
  view: View,
  isComplete: boolean,
): Promise<Draft> {
  const context: Context = { view, ends: new Set(), isComplete };
  const network: Draft = {};
  const namespaces: Draft = {};
  for (const { name, foreignPath: path } of followed) {
    const state = view.state(name);
    if (state === undefined) continue;
    const namespace = await describeNamespace(name, state, context);
    if (name === undefined) Object.assign(network, namespace);
    else namespaces[name] = { ...path && { path }, ...namespace };
  }
  return Object.keys(namespaces).length === 0
    ? network
    : { ...network, namespaces };
}

async function describeNamespace(
  name: NamespaceName,
  state: State,
  context: Context,
): Promise<Draft> {
  const links: Draft[] = [];
  const bridges = new BridgeTables(state);
  const queueing = new Queueing(state);
  for (const link of state.links) {
    links.push({
      ...await describeLink(name, link, state, context),
      ...bridges.describe(link),
      ...queueing.describe(link.ifindex),
    });
  }
  const own = <T>(type: Parameters<typeof isOwnObject>[0], all: Iterable<T>) =>
    [...all].filter((one) => isOwnObject(type, one, state));
  const lists = {
    links,
    nexthops: own("nexthop", state.nexthops).map((one) => nexthop(one, state)),
    routes: own("route", state.routes).map((one) => route(one, state)),
    neighbours: own("neighbour", state.neighbours).map((one) =>
      neighbour(one, state)
    ),
    rules: own("rule", state.rules).map(rule),
  };
  return Object.fromEntries(
    Object.entries(lists).filter(([, list]) => list.length > 0),
  );
}

async function describeLink(
  namespace: NamespaceName,
  link: Link,
  state: State,
  context: Context,
): Promise<Draft> {
  const { name, altNames, flags } = link;
  const { isComplete } = context;
  const creation = await describeCreation(namespace, link, state, context);
  const addresses = [...state.addresses].filter((one) =>
    one.ifindex === link.ifindex && isOwnObject("address", one, state)
  ).map((one) => address(one, name));
  const none = isComplete && name !== "lo" ? null : undefined;
  const master = link.master === 0 ? none : state.nameOf(link.master);
  const port = portOptions(link, state);
  return {
    name,
    ...creation,
    ...settingsOf(link, isComplete || creation.kind !== undefined),
    up: (flags & IFF_UP) !== 0,
    ...master === undefined ? {} : { master },
    ...altNames.length === 0 ? {} : { altnames: altNames },
    ...port === undefined ? {} : { port },
    ...addresses.length === 0 ? {} : { addresses },
  };
}

/** The kind of a link with its options, if the configuration can create it. */
async function describeCreation(
  namespace: NamespaceName,
  link: Link,
  state: State,
  { view, ends }: Context,
): Promise<Draft> {
  if (ends.has(link)) return {};
  const name = KIND_NAMES.find((one) =>
    kernelName(kindNamed(one)) === link.kind &&
    (link.kind !== "tun" || link.data?.type === one)
  );
  if (name === undefined) return {};
  const kind = kindNamed(name);
  const lower = link.link ?? 0;
  if (kind.pair) {
    const where = link.linkNetnsid === undefined
      ? { name: namespace }
      : await view.byId(namespace, link.linkNetnsid);
    const peer = where && view.state(where.name)?.link(lower);
    if (peer === undefined) return {};
    // The configuration names no namespace for the top level.
    if (where!.name === undefined && namespace !== undefined) return {};
    ends.add(peer);
    const netns = where!.name === namespace ? {} : { netns: where!.name };
    return { kind: name, options: { peer: { name: peer.name, ...netns } } };
  }
  // Its lower link is in another namespace.
  if (link.linkNetnsid !== undefined) return {};
  if (kind.lower && state.link(lower) === undefined) return {};
  const options = optionsOf(kind, link, state);
  return {
    kind: name,
    ...kind.lower ? { link: state.nameOf(lower) } : {},
    ...Object.keys(options).length === 0 ? {} : { options },
  };
}

function optionsOf(kind: LinkKind, link: Link, state: State): Draft {
  const level = kindLevel(link);
  return level === undefined ? {} : valuesOf(kind.table, level, state);
}

function portOptions(link: Link, state: State): Draft | undefined {
  const { masterKind } = link;
  const kind = masterKind === undefined ? undefined : portKind(masterKind);
  const level = kind && state.portLevel(link);
  if (kind === undefined || level === undefined) return undefined;
  // The state of a port changes by itself.
  const { state: _, ...options } = valuesOf(kind.table, level, state);
  return Object.keys(options).length === 0
    ? undefined
    : { kind: masterKind, options };
}

/** The values that differ from the kernel's defaults, as a user writes them. */
function valuesOf(
  { options, timers }: AttributeTable,
  level: AttributeLevel,
  state: State,
): Draft {
  const values: Draft = {};
  const keys = lasting(options);
  for (const [key, entry] of Object.entries(options)) {
    if (!Object.hasOwn(keys, key) || entry.means || timers.has(key)) continue;
    const value = entry.decode(level);
    if (value === undefined || value === entry.kernelDefault) continue;
    if (entry.link) {
      // 0 is no link.
      if (value !== 0) values[key] = state.nameOf(Number(value));
    } else values[key] = value;
  }
  return values;
}

/** Settings that an existing device has by itself. */
const OF_DEVICE = ["mtu", "alias", "group"];

function settingsOf(link: Link, isWhole: boolean): Draft {
  const level = new AttributeLevel(link.attributes());
  const draft: Draft = {};
  const { entries } = SETTINGS_TABLE;
  const keys = isWhole ? [...OF_DEVICE, "address", "txqueuelen"] : OF_DEVICE;
  for (const key of keys) {
    const value = entries[key]?.decode(level);
    if (value !== undefined && value !== 0 && value !== "") draft[key] = value;
  }
  return draft;
}

/** Numbers that a table has as text. */
function withNumbers(spec: object): Draft {
  return Object.fromEntries(
    Object.entries(spec).map(([key, value]) => [
      key,
      typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value,
    ]),
  );
}

function address(one: Address, link: string): unknown {
  const { dev: _, broadcast, ...spec } = ADDRESS.specOf(one);
  const { address, peer, prefixLength } = one;
  const whole = {
    ...spec,
    address: peer === undefined ? `${address}/${prefixLength}` : address,
    peer: peer === undefined ? undefined : `${peer}/${prefixLength}`,
    broadcast,
    valid_lft: undefined,
    preferred_lft: undefined,
    scope: one.scope === 0 ? undefined : spec.scope,
    label: spec.label === link ? undefined : spec.label,
    // The kernel's own origins.
    protocol: (one.protocol ?? 0) <= IFAPROT_KERNEL_LL
      ? undefined
      : one.protocol,
  };
  const draft = present(whole);
  return Object.keys(draft).length === 1 ? draft.address : draft;
}

function route(one: Route, state: State): Draft {
  const { destination, prefixLength, gateway, via, nexthops, nexthopId } = one;
  const { family, ifindex, protocol } = one;
  const spec = withNumbers(ROUTE.specOf(one));
  const isDefault = destination === undefined;
  const way = nexthopId !== undefined
    ? { nhid: nexthopId }
    : nexthops !== undefined
    ? {
      nexthops: nexthops.map((hop) =>
        present({
          via: hop.gateway ?? hop.via?.address,
          dev: deviceOf(hop.ifindex, state),
          weight: hop.weight === 1 ? undefined : hop.weight,
        })
      ),
    }
    : { via: gateway ?? via?.address, dev: deviceOf(ifindex, state) };
  const isIPv6 = family === "inet6";
  const isMpls = family === "mpls";
  return present({
    ...spec,
    to: isDefault
      ? "default"
      : isMpls
      ? destination
      : `${destination}/${prefixLength}`,
    family: isMpls || isDefault && isIPv6 ? family : undefined,
    via: undefined,
    dev: undefined,
    nexthops: undefined,
    nhid: undefined,
    scope: undefined,
    quickack: undefined,
    fastopen_no_cookie: undefined,
    // Defaults.
    type: spec.type === "unicast" ? undefined : spec.type,
    table: one.table === RT_TABLE_MAIN ? undefined : one.table,
    protocol: protocol === RTPROT_BOOT ? undefined : protocol,
    metric: isIPv6 && spec.metric === IPV6_METRIC ? undefined : spec.metric,
    pref: spec.pref === "medium" ? undefined : spec.pref,
    ...way,
  });
}

function nexthop(one: Nexthop, state: State): Draft {
  const spec = withNumbers(NEXTHOP_OBJECT.specOf(one));
  const { id, gateway, ifindex, group, protocol } = one;
  return present({
    ...spec,
    id,
    via: gateway,
    dev: deviceOf(ifindex, state),
    // The kernel reports 0 for those of ip.
    protocol: protocol > RTPROT_BOOT ? protocol : undefined,
    family: gateway === undefined && group === undefined
      ? spec.family
      : undefined,
  });
}

function neighbour(one: Neighbour, state: State): Draft {
  const spec = withNumbers(NEIGHBOUR.specOf(one));
  return present({
    ...spec,
    to: one.destination,
    dev: deviceOf(one.ifindex, state),
    nud: one.state === NUD_PERMANENT ? undefined : spec.nud,
    protocol: undefined,
  });
}

function rule(one: Rule): Draft {
  const spec = withNumbers(RULE.specOf(one));
  return present({
    ...spec,
    family: one.family === "inet" ? undefined : spec.family,
    protocol: undefined,
    action: spec.action === "table" ? undefined : spec.action,
    table: spec.table === undefined ? undefined : one.table,
  });
}
