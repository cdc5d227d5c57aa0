// Invalidation: objects that the kernel may have changed without a
// notification. It deletes or marks routes when a link goes down, loses its
// carrier or its last address, or when a nexthop object is deleted. It changes
// IPv6 routes with an address or the MTU of a link, and after it reported them
// if they are of a router advertisement. It deletes
// nexthop objects with their link, detaches rules from deleted links, and does
// not notify when the peer of a link moves. A dump finds these changes.

import { IFF_LOWER_UP } from "../../../ffi/uapi/linux_if.ts";
import { IFF_RUNNING, IFF_UP } from "../../../ffi/uapi/net_if.ts";
import { RTPROT_RA } from "../../../ffi/uapi/linux_rtnetlink.ts";
import { BRIDGE_VLAN_INFO_PVID } from "../../../ffi/uapi/linux_if_bridge.ts";
import type { Address } from "../address.ts";
import type { BridgeVlan } from "../bridge_vlan.ts";
import type { Link } from "../link/link.ts";
import type { Nexthop } from "../nexthop.ts";
import type { Route } from "../route.ts";
import type { Rule } from "../rule.ts";
import type { MonitoredObject } from "./event.ts";

const CARRIER = IFF_UP | IFF_RUNNING | IFF_LOWER_UP;

/** Link kinds that are created in pairs. */
const PAIRS: ReadonlySet<string> = new Set(["veth", "netkit", "vxcan"]);

/** Objects that may be affected. */
export interface Affected {
  readonly links: Iterable<Link>;
  readonly routes: Iterable<Route>;
  readonly nexthops: Iterable<Nexthop>;
  readonly rules: Iterable<Rule>;
}

/** Objects that have to be dumped again. */
export class Invalidations {
  readonly #kinds = new Set<MonitoredObject>();
  /** Links whose routes and nexthop objects may be deleted. */
  readonly #links = new Set<number>();
  readonly #names = new Set<string>();
  readonly #sources = new Set<string>();
  /** Links whose MTU has changed, and with it that of IPv6 routes. */
  readonly #mtus = new Set<number>();
  readonly #nexthops = new Set<number>();
  /**
   * Links that were added, deleted or moved: other links may have them as their
   * peer.
   */
  readonly #peers = new Set<number>();

  /** Whether an object is invalid. */
  get any(): boolean {
    return this.#kinds.size + this.#links.size + this.#names.size +
        this.#sources.size + this.#mtus.size + this.#nexthops.size +
        this.#peers.size > 0;
  }

  /** Invalidates all objects of a type. */
  kind(kind: MonitoredObject): void {
    this.#kinds.add(kind);
  }

  /** A link was added. */
  linkAdded({ ifindex, link, name, kind }: Link): void {
    this.#peers.add(ifindex);
    this.#queueing();
    // The first link of a pair was reported before it had a peer.
    if (link !== undefined && PAIRS.has(kind ?? "")) this.#peers.add(link);
    this.#names.add(name);
  }

  /** A link was changed. */
  linkChanged(link: Link, previous: Link): void {
    if (((link.flags ^ previous.flags) & CARRIER) !== 0) {
      this.#links.add(link.ifindex);
      this.#queueing();
    }
    if (link.qdisc !== previous.qdisc) this.#queueing();
    if (link.name !== previous.name) {
      this.#names.add(link.name).add(previous.name);
    }
    if (link.master !== previous.master) this.#bridging();
    // A bridge has no multicast database without mcast_snooping.
    if (link.kind === "bridge") this.#kinds.add("mdb");
    if (link.mtu !== previous.mtu) this.#mtus.add(link.ifindex);
  }

  /** A link was deleted or moved away. */
  linkDeleted({ ifindex, name }: Link): void {
    this.#links.add(ifindex);
    this.#peers.add(ifindex);
    this.#names.add(name);
    this.#bridging();
    this.#queueing();
  }

  /**
   * A VLAN was added or changed: if it is the PVID now, another one is not any
   * more.
   */
  vlanChanged({ flags }: BridgeVlan): void {
    if (flags & BRIDGE_VLAN_INFO_PVID) this.#kinds.add("vlan");
  }

  /**
   * An address was deleted: the kernel deletes IPv4 routes with this source,
   * and with the last address all IPv4 routes of the link. IPv6 routes lose
   * their source.
   */
  addressDeleted({ ifindex, address, family }: Address): void {
    if (family === "inet") this.#links.add(ifindex);
    this.#sources.add(address);
  }

  /**
   * A route of a router advertisement was added: the kernel sets its metrics
   * afterwards.
   */
  routeAdded({ protocol, family }: Route): void {
    if (family === "inet6" && protocol === RTPROT_RA) this.#kinds.add("route");
  }

  /** A router advertised a prefix, and with it other metrics of its routes. */
  prefixAdvertised(routes: Iterable<Route>): void {
    if (some(routes, ({ protocol }) => protocol === RTPROT_RA)) {
      this.#kinds.add("route");
    }
  }

  /**
   * A namespace id was assigned or removed: peers of links may be in that
   * namespace.
   */
  namespaceChanged(links: Iterable<Link>): void {
    if (some(links, ({ linkNetnsid }) => linkNetnsid !== undefined)) {
      this.#kinds.add("link");
    }
  }

  /** A nexthop object was changed or deleted. */
  nexthopChanged({ id }: Nexthop): void {
    this.#nexthops.add(id);
  }

  /**
   * A queueing discipline or a class was changed: others are deleted with it,
   * or the kernel's default takes its place.
   */
  queueingChanged(): void {
    this.#queueing();
  }

  /** A rule was added or deleted: a `goto` may have waited for it. */
  ruleChanged(): void {
    this.#names.add("");
  }

  /** The types to dump again; they count as valid afterwards. */
  take({ links, routes, nexthops, rules }: Affected): Set<MonitoredObject> {
    const kinds = new Set(this.#kinds);
    if (this.#peers.size > 0 && some(links, (link) => this.#hasPeer(link))) {
      kinds.add("link");
    }
    if (some(nexthops, (nexthop) => this.#links.has(nexthop.ifindex))) {
      kinds.add("nexthop");
      // The kernel deletes the routes of a deleted nexthop object.
      kinds.add("route");
    }
    if (
      this.#links.size + this.#sources.size + this.#mtus.size +
            this.#nexthops.size > 0 &&
      some(routes, (route) => this.#concerns(route))
    ) kinds.add("route");
    if (
      this.#names.size > 0 &&
      some(rules, (rule) =>
        rule.goto !== undefined ||
        this.#names.has(rule.inputInterface ?? "-") ||
        this.#names.has(rule.outputInterface ?? "-"))
    ) kinds.add("rule");
    for (
      const invalid of [
        this.#kinds,
        this.#links,
        this.#names,
        this.#sources,
        this.#mtus,
        this.#nexthops,
        this.#peers,
      ]
    ) invalid.clear();
    return kinds;
  }

  /** The kernel sets its default queueing disciplines silently. */
  #queueing(): void {
    this.#kinds.add("qdisc").add("class");
  }

  /** The kernel removes entries of bridges and VXLANs with their link. */
  #bridging(): void {
    this.#kinds.add("fdb").add("vlan").add("mdb").add("vni");
  }

  #hasPeer({ link }: Link): boolean {
    return link !== undefined && this.#peers.has(link);
  }

  #concerns(route: Route): boolean {
    return this.#links.has(route.ifindex) ||
      (route.metrics?.mtu !== undefined && this.#mtus.size > 0 &&
        route.family === "inet6") ||
      (route.preferredSource !== undefined &&
        this.#sources.has(route.preferredSource)) ||
      (route.nexthopId !== undefined && this.#nexthops.has(route.nexthopId)) ||
      (route.nexthops !== undefined &&
        route.nexthops.some((hop) => this.#links.has(hop.ifindex)));
  }
}

function some<T>(all: Iterable<T>, test: (one: T) => boolean): boolean {
  for (const one of all) if (test(one)) return true;
  return false;
}
