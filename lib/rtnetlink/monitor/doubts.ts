// What the kernel may have changed without a word. It deletes or marks routes
// when a link goes down, loses its carrier or its last address, or when a
// nexthop object goes; it forgets nexthop objects with their link; it detaches
// rules from links that are gone; a link's peer moves without the link's
// telling. None of that is announced, so it has to be read again.

import { IFF_LOWER_UP } from "../../../ffi/uapi/linux_if.ts";
import { IFF_RUNNING, IFF_UP } from "../../../ffi/uapi/net_if.ts";
import type { Address } from "../address.ts";
import type { Link } from "../link/link.ts";
import type { Nexthop } from "../nexthop.ts";
import type { Route } from "../route.ts";
import type { Rule } from "../rule.ts";
import type { MonitoredObject } from "./event.ts";

const CARRIER = IFF_UP | IFF_RUNNING | IFF_LOWER_UP;

/** Kinds of link that are made two at a time. */
const PAIRS: ReadonlySet<string> = new Set(["veth", "netkit", "vxcan"]);

/** What may be affected. */
export interface Affected {
  readonly links: Iterable<Link>;
  readonly routes: Iterable<Route>;
  readonly nexthops: Iterable<Nexthop>;
  readonly rules: Iterable<Rule>;
}

/** Doubts about what is known, until it is read again. */
export class Doubts {
  readonly #kinds = new Set<MonitoredObject>();
  /** Links that routes and nexthop objects may have lost. */
  readonly #links = new Set<number>();
  readonly #names = new Set<string>();
  readonly #sources = new Set<string>();
  readonly #nexthops = new Set<number>();
  /** Links that have come, gone or moved, for those that name them as theirs. */
  readonly #peers = new Set<number>();

  /** Whether there are any. */
  get any(): boolean {
    return this.#kinds.size + this.#links.size + this.#names.size +
        this.#sources.size + this.#nexthops.size + this.#peers.size > 0;
  }

  /** A kind of object is in doubt as a whole. */
  kind(kind: MonitoredObject): void {
    this.#kinds.add(kind);
  }

  /** A link is new. */
  linkCame({ ifindex, link, name, kind }: Link): void {
    this.#peers.add(ifindex);
    // The first of a pair was told of before it had a second.
    if (link !== undefined && PAIRS.has(kind ?? "")) this.#peers.add(link);
    this.#names.add(name);
  }

  /** A link has changed. */
  linkChanged(link: Link, previous: Link): void {
    if (((link.flags ^ previous.flags) & CARRIER) !== 0) {
      this.#links.add(link.ifindex);
    }
    if (link.name !== previous.name) {
      this.#names.add(link.name).add(previous.name);
    }
  }

  /** A link is gone from here. */
  linkWent({ ifindex, name }: Link): void {
    this.#links.add(ifindex);
    this.#peers.add(ifindex);
    this.#names.add(name);
  }

  /** An address is gone: routes from it go too, and with the last one others. */
  addressWent({ ifindex, address, family }: Address): void {
    if (family !== "inet") return;
    this.#links.add(ifindex);
    this.#sources.add(address);
  }

  /** An id was given to a namespace or taken away: peers of links may be there. */
  namespaceChanged(links: Iterable<Link>): void {
    if (some(links, ({ linkNetnsid }) => linkNetnsid !== undefined)) {
      this.#kinds.add("link");
    }
  }

  /** A nexthop object has changed or is gone. */
  nexthopChanged({ id }: Nexthop): void {
    this.#nexthops.add(id);
  }

  /** A rule has come or gone, which others may have been waiting for. */
  ruleChanged(): void {
    this.#names.add("");
  }

  /** What has to be read again; the doubts are forgotten, reading settles them. */
  take({ links, routes, nexthops, rules }: Affected): Set<MonitoredObject> {
    const kinds = new Set(this.#kinds);
    if (this.#peers.size > 0 && some(links, (link) => this.#hasPeer(link))) {
      kinds.add("link");
    }
    if (some(nexthops, (nexthop) => this.#links.has(nexthop.ifindex))) {
      kinds.add("nexthop");
      // Routes by way of what is gone follow.
      kinds.add("route");
    }
    if (
      this.#links.size + this.#sources.size + this.#nexthops.size > 0 &&
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
      const doubts of [
        this.#kinds,
        this.#links,
        this.#names,
        this.#sources,
        this.#nexthops,
        this.#peers,
      ]
    ) doubts.clear();
    return kinds;
  }

  #hasPeer({ link }: Link): boolean {
    return link !== undefined && this.#peers.has(link);
  }

  #concerns(route: Route): boolean {
    return this.#links.has(route.ifindex) ||
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
