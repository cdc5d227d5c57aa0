// Identity of each type of object, and the fields that change without an event.

import {
  FIB_RULE_IIF_DETACHED,
  FIB_RULE_OIF_DETACHED,
  FIB_RULE_UNRESOLVED,
} from "../../../ffi/uapi/linux_fib_rules.ts";
import { NUD_REACHABLE, NUD_STALE } from "../../../ffi/uapi/linux_neighbour.ts";
import type { Address, AddressLifetime } from "../address.ts";
import type { BridgeVlan } from "../bridge_vlan.ts";
import type { Link } from "../link/link.ts";
import type { MdbEntry } from "../mdb.ts";
import type { NamespaceId } from "../namespace_id.ts";
import type { Neighbour } from "../neighbour.ts";
import type { Nexthop } from "../nexthop.ts";
import { type Qdisc, qdiscChanges } from "../qdisc.ts";
import type { Rule } from "../rule.ts";
import type { Vni } from "../vni.ts";
import { differences, same } from "./differences.ts";
import { linkDifferences, portDifferences } from "./link_differences.ts";
import type { Identity } from "./table.ts";

export const linkIdentity: Identity<Link> = {
  key: (link) => link.ifindex,
  differences: linkDifferences,
};

export const portIdentity: Identity<Link> = {
  key: (port) => port.ifindex,
  differences: portDifferences,
};

const LIFETIME: ReadonlySet<string> = new Set(["lifetime"]);
const FOREVER = 0xffffffff;

/** The remaining lifetime decreases by itself; only a renewal is a change. */
function lifetimeChanged(
  now: AddressLifetime | undefined,
  before: AddressLifetime | undefined,
): boolean {
  return now?.created !== before?.created ||
    now?.updated !== before?.updated ||
    (now?.valid === FOREVER) !== (before?.valid === FOREVER) ||
    (now?.preferred === FOREVER) !== (before?.preferred === FOREVER);
}

export const addressIdentity: Identity<Address> = {
  // The kernel has an IPv4 address once for each prefix and peer.
  key: ({ family, ifindex, address, prefixLength, peer }) =>
    family === "inet6"
      ? `${ifindex} ${address}`
      : `${ifindex} ${address}/${prefixLength} ${peer ?? ""}`,
  differences(address, previous) {
    const fields = differences(address, previous, LIFETIME);
    if (lifetimeChanged(address.lifetime, previous.lifetime)) {
      fields.push("lifetime");
    }
    return fields;
  },
};

const NEIGHBOUR_TIMES: ReadonlySet<string> = new Set(["cache", "probes"]);

export const neighbourIdentity: Identity<Neighbour> = {
  key: ({ family, ifindex, destination }) =>
    `${family} ${ifindex} ${destination}`,
  differences: (neighbour, previous) =>
    differences(neighbour, previous, NEIGHBOUR_TIMES),
};

/** A multicast address, or the flood list of a VXLAN: several remotes at once. */
export function isFlooded(linkAddress = ""): boolean {
  return (Number.parseInt(linkAddress.slice(0, 2), 16) & 1) === 1 ||
    linkAddress === "00:00:00:00:00:00";
}

/** States between which an entry passes with time. */
const AGES = NUD_STALE | NUD_REACHABLE;
const FDB_TIMES: ReadonlySet<string> = new Set(["cache", "probes", "state"]);

export const fdbIdentity: Identity<Neighbour> = {
  key(entry) {
    const { ifindex, master, linkAddress, vlan = 0, sourceVni = 0 } = entry;
    // The same address moves from port to port of a bridge.
    if (master !== undefined) return `b${master} ${linkAddress} ${vlan}`;
    const remote = isFlooded(linkAddress)
      ? `${entry.destination} ${entry.port} ${entry.vni} ${entry.viaIfindex}`
      : "";
    return `${ifindex} ${linkAddress} ${sourceVni} ${remote}`;
  },
  differences(entry, previous) {
    const fields = differences(entry, previous, FDB_TIMES);
    if ((entry.state & ~AGES) !== (previous.state & ~AGES)) {
      fields.push("state");
    }
    return fields;
  },
};

/** Counts hosts, which come and go. */
const VLAN_COUNTS: ReadonlySet<string> = new Set([
  "multicastGroups",
  "statistics",
]);

export const vlanIdentity: Identity<BridgeVlan> = {
  key: ({ ifindex, vid }) => `${ifindex} ${vid}`,
  differences: (vlan, previous) => differences(vlan, previous, VLAN_COUNTS),
};

const MDB_TIMES: ReadonlySet<string> = new Set(["timer", "sources"]);

const sourcesOf = ({ sources = [] }: MdbEntry) =>
  sources.map(({ address }) => address).sort();

export const mdbIdentity: Identity<MdbEntry> = {
  key(entry) {
    const { ifindex, port, vlan, group, source = "" } = entry;
    const { destination, destinationPort, vni, sourceVni, viaIfindex } = entry;
    // The rest distinguishes the remotes of a VXLAN.
    return destination === undefined && vni === undefined
      ? `${ifindex} ${port} ${vlan} ${group} ${source}`
      : `${ifindex} ${group} ${source} ${destination} ${destinationPort} ` +
        `${vni} ${sourceVni} ${viaIfindex}`;
  },
  differences(entry, previous) {
    const fields = differences(entry, previous, MDB_TIMES);
    if (!same(sourcesOf(entry), sourcesOf(previous))) fields.push("sources");
    return fields;
  },
};

const VNI_COUNTERS: ReadonlySet<string> = new Set(["statistics"]);

export const vniIdentity: Identity<Vni> = {
  key: ({ ifindex, vni }) => `${ifindex} ${vni}`,
  differences: (vni, previous) => differences(vni, previous, VNI_COUNTERS),
};

export const nexthopIdentity: Identity<Nexthop> = {
  key: (nexthop) => nexthop.id,
  differences: (nexthop, previous) => differences(nexthop, previous),
};

/** A place of a link has one queueing discipline. */
export const qdiscIdentity: Identity<Qdisc> = {
  key: ({ ifindex, parent }) => `${ifindex} ${parent}`,
  differences: qdiscChanges,
};

export const classIdentity: Identity<Qdisc> = {
  key: ({ ifindex, handle }) => `${ifindex} ${handle}`,
  differences: qdiscChanges,
};

/** Changes with links and other rules; the rule itself does not change. */
const RULE_STATE = FIB_RULE_UNRESOLVED | FIB_RULE_IIF_DETACHED |
  FIB_RULE_OIF_DETACHED;

export const ruleIdentity: Identity<Rule> = {
  key(rule) {
    let key = "";
    for (const [field, value] of Object.entries(rule)) {
      const part = field === "flags"
        ? rule.flags & ~RULE_STATE
        : typeof value === "bigint"
        ? String(value)
        : value;
      if (part !== undefined) key += `${field}=${JSON.stringify(part)} `;
    }
    return key;
  },
  differences: ({ flags }, previous) =>
    flags === previous.flags ? [] : ["flags"],
};

export const namespaceIdIdentity: Identity<NamespaceId> = {
  key: ({ nsid }) => nsid,
  differences: () => [],
};
