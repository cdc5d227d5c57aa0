// A NETLINK_ROUTE socket with a dump method for each type of object.

import { ENODEV } from "../../ffi/errno.ts";
import { ifaddrmsg } from "../../ffi/uapi/linux_if_addr.ts";
import { fib_rule_hdr } from "../../ffi/uapi/linux_fib_rules.ts";
import {
  NDA_IFINDEX,
  NDA_MASTER,
  ndmsg,
  NTF_PROXY,
} from "../../ffi/uapi/linux_neighbour.ts";
import { NETLINK_ROUTE } from "../../ffi/uapi/linux_netlink.ts";
import {
  NHA_FDB,
  NHA_GROUPS,
  NHA_MASTER,
  NHA_OIF,
  nhmsg,
} from "../../ffi/uapi/linux_nexthop.ts";
import {
  rtgenmsg,
  RTM_GETADDR,
  RTM_GETNEIGH,
  RTM_GETNEXTHOP,
  RTM_GETNSID,
  RTM_GETQDISC,
  RTM_GETRULE,
  RTM_GETTCLASS,
  RTM_NEWADDR,
  RTM_NEWNEIGH,
  RTM_NEWNEXTHOP,
  RTM_NEWNSID,
  RTM_NEWQDISC,
  RTM_NEWRULE,
  RTM_NEWTCLASS,
  tcmsg,
} from "../../ffi/uapi/linux_rtnetlink.ts";
import type { Namespace } from "../netns/namespace.ts";
import { AttributeWriter } from "../netlink/attribute_writer.ts";
import {
  type Dump,
  type DumpOptions,
  type DumpOutcome,
  type LazyDump,
  NetlinkConnection,
  type Reply,
} from "../netlink/connection.ts";
import type { NetlinkRequest } from "../netlink/transaction.ts";
import type { NetlinkCounters } from "../netlink/counters.ts";
import { advised, NetlinkError } from "../netlink/errors.ts";
import type { MessageReader } from "../netlink/message.ts";
import { cannotBePosted } from "../io/handle.ts";
import type { WaitOptions } from "../io/reactor.ts";
import { type Address, decodeAddress } from "./address.ts";
import {
  type BridgeVlan,
  bridgeVlanRequest,
  decodeBridgeVlans,
} from "./bridge_vlan.ts";
import { familyNumber } from "./family.ts";
import type {
  AddressFilter,
  LinkFilter,
  NeighbourFilter,
  NexthopFilter,
  QdiscFilter,
  RouteFilter,
  RuleFilter,
} from "./filter.ts";
import { decodeLink, type Link } from "./link/link.ts";
import { LinkSelection, oneLink } from "./link_selection.ts";
import {
  decodeMdb,
  decodeMulticastRouters,
  type MdbEntry,
  mdbRequest,
  type MulticastRouter,
} from "./mdb.ts";
import { decodeNamespaceId, type NamespaceId } from "./namespace_id.ts";
import { decodeNeighbour, type Neighbour } from "./neighbour.ts";
import { decodeNexthop, type Nexthop } from "./nexthop.ts";
import { decodeQdisc, type Qdisc } from "./qdisc.ts";
import { decodeRoute, type Route } from "./route.ts";
import { lookupRequest, type RouteLookup } from "./route_lookup.ts";
import { RouteSelection } from "./route_selection.ts";
import { decodeRule, type Rule } from "./rule.ts";
import { routeNames } from "./attribute_names.ts";
import { decodeVniRanges, type Vni, vniRequest, vnisOf } from "./vni.ts";

/** Options of a route socket. */
export interface RouteSocketOptions {
  /** The network namespace; default: this thread's. */
  readonly namespace?: Namespace | undefined;
}

/** Options of the tables of bridges and VXLANs. */
export interface BridgeDumpOptions extends DumpOptions {
  /** Whether to read the counters too. */
  readonly statistics?: boolean | undefined;
}

/** Other objects with the outcome of a dump. */
function withOutcome<T>(
  { interrupted, attempts, warning }: DumpOutcome,
  objects: T[],
): Dump<T> {
  return Object.assign(objects, {
    interrupted,
    attempts,
    ...warning === undefined ? {} : { warning },
  });
}

/**
 * A socket that reads and changes the kernel's links, addresses, routes,
 * neighbours and rules. Reading needs no capability.
 *
 * Concurrent calls are queued. Source: rtnetlink(7).
 *
 * @example
 * ```ts
 * import { RouteSocket } from "@netplumb/netplumb";
 *
 * await using route = RouteSocket.open();
 * for (const link of await route.links()) {
 *   console.log(link.ifindex, link.name, link.mtu);
 * }
 * ```
 */
export class RouteSocket implements AsyncDisposable {
  readonly #connection: NetlinkConnection;
  /**
   * Makes postMessage throw: the socket cannot leave its thread.
   *
   * @internal
   */
  protected readonly notCloneable: () => void = cannotBePosted;

  private constructor(connection: NetlinkConnection) {
    this.#connection = connection;
  }

  /**
   * Opens a socket.
   *
   * @param options The namespace; default: this thread's.
   * @throws {SystemError} If the namespace cannot be entered.
   */
  static open(options: RouteSocketOptions = {}): RouteSocket {
    return new RouteSocket(NetlinkConnection.open({
      ...options,
      protocol: NETLINK_ROUTE,
      names: routeNames,
    }));
  }

  /** Received messages that were not used, by reason. */
  get counters(): NetlinkCounters {
    return this.#connection.counters;
  }

  /** Whether close() was called. */
  get closed(): boolean {
    return this.#connection.closed;
  }

  /**
   * The network interfaces.
   *
   * @param filter Which objects to return, a signal and a timeout, and what to
   *   do when changes interrupt the dump.
   * @throws {NetlinkError} If the kernel rejects it.
   * @throws {DumpInterruptedError} If changes interrupt it, see `onInterrupt`.
   * @throws {TimeoutError} After the timeout.
   * @throws {ClosedError} If the socket is closed during the wait.
   */
  links(filter: LinkFilter = {}): Promise<Dump<Link>> {
    const selection = new LinkSelection(filter);
    return this.#connection.dump(
      selection.request(),
      (message) => selection.decode(message),
      filter,
    );
  }

  /**
   * One network interface.
   *
   * @param which Its name, an alternative name, or its ifindex.
   * @param options A signal and a timeout, and whether to read all counters.
   * @throws {NetlinkError} ENODEV if it does not exist.
   */
  async link(
    which: string | number,
    options: WaitOptions & { readonly statistics?: boolean | undefined } = {},
  ): Promise<Link> {
    try {
      const { objects: [link] } = await this.#connection.request(
        oneLink(which, options),
        decodeLink,
        options,
      );
      return link!;
    } catch (error) {
      throw error instanceof NetlinkError && error.errno === ENODEV
        ? advised(
          error,
          "Check its name; a link in another namespace is not visible here",
        )
        : error;
    }
  }

  /**
   * The addresses of the interfaces.
   *
   * @param filter Which objects to return, a signal and a timeout, and what to
   *   do when changes interrupt the dump.
   * @throws {NetlinkError} If the kernel rejects it.
   * @throws {DumpInterruptedError} If changes interrupt it, see `onInterrupt`.
   * @throws {TimeoutError} After the timeout.
   * @throws {ClosedError} If the socket is closed during the wait.
   */
  addresses(filter: AddressFilter = {}): Promise<Dump<Address>> {
    const { family = "unspec", ifindex = 0 } = filter;
    const body = new AttributeWriter().raw(ifaddrmsg.build({
      ifa_family: familyNumber(family),
      ifa_index: ifindex,
    }));
    return this.#dump(
      "show addresses",
      RTM_GETADDR,
      body,
      filter,
      (message) => {
        if (message.type !== RTM_NEWADDR) return undefined;
        const address = decodeAddress(message);
        return address === undefined ||
            (ifindex !== 0 && address.ifindex !== ifindex) ||
            (family !== "unspec" && address.family !== family)
          ? undefined
          : address;
      },
    );
  }

  /**
   * The routes, by default of all tables and families.
   *
   * @param filter Which objects to return, a signal and a timeout, and what to
   *   do when changes interrupt the dump.
   * @throws {NetlinkError} If the kernel rejects it.
   * @throws {DumpInterruptedError} If changes interrupt it, see `onInterrupt`.
   * @throws {TimeoutError} After the timeout.
   * @throws {ClosedError} If the socket is closed during the wait.
   */
  routes(
    filter?: RouteFilter & { readonly lazy?: false },
  ): Promise<Dump<Route>>;
  /**
   * The routes as a list of messages, each of which is decoded when it is
   * accessed.
   *
   * @param filter Which objects to return, a signal and a timeout, and what to
   *   do when changes interrupt the dump.
   * @throws {NetlinkError} If the kernel rejects it.
   */
  routes(
    filter: RouteFilter & { readonly lazy: true },
  ): Promise<LazyDump<Route>>;
  routes(
    filter: RouteFilter & { readonly lazy?: boolean } = {},
  ): Promise<Dump<Route> | LazyDump<Route>> {
    const selection = new RouteSelection(filter);
    const request = selection.request();
    return filter.lazy
      ? this.#connection.dumpLazily(
        request,
        decodeRoute,
        (message) => selection.accepts(message),
        filter,
      )
      : this.#connection.dump(
        request,
        (message) => selection.decode(message),
        filter,
      );
  }

  /**
   * The route that the kernel uses for a destination, as `ip route get` prints
   * it. Source: ip-route(8), rtnetlink(7).
   *
   * @param destination The address.
   * @param lookup The rest of the packet, and what ends the wait.
   * @throws {NetlinkError} If there is no route (ENETUNREACH, EHOSTUNREACH), or
   * no such link; `ack.message` has the kernel's reason.
   * @throws {ArgumentError} If a value is invalid.
   *
   * @example
   * ```ts
   * import { RouteSocket } from "@netplumb/netplumb";
   *
   * await using socket = RouteSocket.open();
   * const route = await socket.lookup("127.0.0.1");
   * console.log(route.preferredSource); // 127.0.0.1
   * ```
   */
  async lookup(
    destination: string,
    lookup: RouteLookup & WaitOptions = {},
  ): Promise<Route> {
    const { signal, timeout } = lookup;
    const waits = { signal, timeout };
    const indexOf = async (link: string | number | undefined) =>
      typeof link === "string" ? (await this.link(link, waits)).ifindex : link;
    const { objects: [route] } = await this.#connection.request(
      lookupRequest(
        destination,
        lookup,
        await indexOf(lookup.iif),
        await indexOf(lookup.oif),
      ),
      decodeRoute,
      waits,
    );
    return route!;
  }

  /**
   * The neighbours: network and link-layer addresses.
   *
   * @param filter Which objects to return, a signal and a timeout, and what to
   *   do when changes interrupt the dump.
   * @throws {NetlinkError} If the kernel rejects it.
   * @throws {DumpInterruptedError} If changes interrupt it, see `onInterrupt`.
   * @throws {TimeoutError} After the timeout.
   * @throws {ClosedError} If the socket is closed during the wait.
   */
  neighbours(filter: NeighbourFilter = {}): Promise<Dump<Neighbour>> {
    const { family = "unspec", ifindex, master, proxy = false } = filter;
    const body = new AttributeWriter().raw(ndmsg.build({
      ndm_family: familyNumber(family),
      ndm_flags: proxy ? NTF_PROXY : 0,
    }));
    if (ifindex !== undefined) body.u32(NDA_IFINDEX, ifindex);
    if (master !== undefined) body.u32(NDA_MASTER, master);
    return this.#dump(
      "show neighbours",
      RTM_GETNEIGH,
      body,
      filter,
      (message) => {
        if (message.type !== RTM_NEWNEIGH) return undefined;
        const neighbour = decodeNeighbour(message);
        return neighbour === undefined ||
            (ifindex !== undefined && neighbour.ifindex !== ifindex) ||
            (family !== "unspec" && neighbour.family !== family)
          ? undefined
          : neighbour;
      },
    );
  }

  /**
   * The routing policy rules.
   *
   * @param filter Which objects to return, a signal and a timeout, and what to
   *   do when changes interrupt the dump.
   * @throws {NetlinkError} If the kernel rejects it.
   * @throws {DumpInterruptedError} If changes interrupt it, see `onInterrupt`.
   * @throws {TimeoutError} After the timeout.
   * @throws {ClosedError} If the socket is closed during the wait.
   */
  rules(filter: RuleFilter = {}): Promise<Dump<Rule>> {
    const { family = "unspec" } = filter;
    const body = new AttributeWriter().raw(
      fib_rule_hdr.build({ family: familyNumber(family) }),
    );
    return this.#dump("show rules", RTM_GETRULE, body, filter, (message) => {
      if (message.type !== RTM_NEWRULE) return undefined;
      const rule = decodeRule(message);
      return rule === undefined ||
          (family !== "unspec" && rule.family !== family)
        ? undefined
        : rule;
    });
  }

  /**
   * The nexthop objects.
   *
   * @param filter Which objects to return, a signal and a timeout, and what to
   *   do when changes interrupt the dump.
   * @throws {NetlinkError} If the kernel rejects it.
   * @throws {DumpInterruptedError} If changes interrupt it, see `onInterrupt`.
   * @throws {TimeoutError} After the timeout.
   * @throws {ClosedError} If the socket is closed during the wait.
   */
  nexthops(filter: NexthopFilter = {}): Promise<Dump<Nexthop>> {
    const { family = "unspec", ifindex, master, groups, fdb } = filter;
    const body = new AttributeWriter().raw(
      nhmsg.build({ nh_family: familyNumber(family) }),
    );
    if (ifindex !== undefined) body.u32(NHA_OIF, ifindex);
    if (master !== undefined) body.u32(NHA_MASTER, master);
    if (groups) body.flag(NHA_GROUPS);
    if (fdb) body.flag(NHA_FDB);
    return this.#dump(
      "show nexthops",
      RTM_GETNEXTHOP,
      body,
      filter,
      (message) =>
        message.type === RTM_NEWNEXTHOP ? decodeNexthop(message) : undefined,
    );
  }

  /**
   * The queueing disciplines of links.
   *
   * @param filter One link only, a signal and a timeout, and what to do when
   *   changes interrupt the dump.
   * @throws {NetlinkError} If the kernel rejects it.
   */
  qdiscs(filter: QdiscFilter = {}): Promise<Dump<Qdisc>> {
    const { ifindex } = filter;
    const body = new AttributeWriter().raw(
      tcmsg.build({ tcm_ifindex: ifindex ?? 0 }),
    );
    return this.#dump("show qdiscs", RTM_GETQDISC, body, filter, (message) => {
      if (message.type !== RTM_NEWQDISC) return undefined;
      const qdisc = decodeQdisc(message);
      return ifindex === undefined || qdisc?.ifindex === ifindex
        ? qdisc
        : undefined;
    });
  }

  /**
   * The classes of the queueing disciplines of a link.
   *
   * @param ifindex The link.
   * @param options A signal and a timeout, and what to do when changes interrupt
   *   the dump.
   * @throws {NetlinkError} If the kernel rejects it.
   */
  classes(ifindex: number, options: DumpOptions = {}): Promise<Dump<Qdisc>> {
    const body = new AttributeWriter().raw(
      tcmsg.build({ tcm_ifindex: ifindex }),
    );
    return this.#dump(
      "show classes",
      RTM_GETTCLASS,
      body,
      options,
      (message) =>
        message.type === RTM_NEWTCLASS ? decodeQdisc(message) : undefined,
    );
  }

  /**
   * The VLANs of bridges and their ports.
   *
   * @param options Whether to read the counters, a signal and a timeout, and what
   *   to do when changes interrupt the dump.
   * @throws {NetlinkError} EOPNOTSUPP if the kernel does not filter VLANs.
   */
  async bridgeVlans(
    options: BridgeDumpOptions = {},
  ): Promise<Dump<BridgeVlan>> {
    const found = await this.#connection.dump(
      bridgeVlanRequest(),
      (message) => decodeBridgeVlans(message, options.statistics),
      options,
    );
    return withOutcome(found, found.flat());
  }

  /**
   * The multicast databases of bridges and VXLANs.
   *
   * @param options A signal and a timeout, and what to do when changes interrupt
   *   the dump.
   * @throws {NetlinkError} If the kernel rejects it.
   */
  async mdb(options: DumpOptions = {}): Promise<Dump<MdbEntry>> {
    const found = await this.#connection.dump(mdbRequest(), decodeMdb, options);
    return withOutcome(found, found.flat());
  }

  /**
   * The ports of bridges behind which there are multicast routers.
   *
   * @param options A signal and a timeout, and what to do when changes interrupt
   *   the dump.
   * @throws {NetlinkError} If the kernel rejects it.
   */
  async multicastRouters(
    options: DumpOptions = {},
  ): Promise<Dump<MulticastRouter>> {
    const found = await this.#connection.dump(
      mdbRequest(),
      decodeMulticastRouters,
      options,
    );
    return withOutcome(found, found.flat());
  }

  /**
   * The network identifiers of VXLANs with `vnifilter`.
   *
   * @param options Whether to read the counters, a signal and a timeout, and what
   *   to do when changes interrupt the dump.
   * @throws {NetlinkError} If the kernel rejects it.
   */
  async vnis(options: BridgeDumpOptions = {}): Promise<Dump<Vni>> {
    const ranges = await this.#connection.dump(
      vniRequest(options.statistics),
      decodeVniRanges,
      options,
    );
    return withOutcome(ranges, Array.from(vnisOf(ranges.flat())));
  }

  /** The ids that other network namespaces have in this one. */
  namespaceIds(options: DumpOptions = {}): Promise<Dump<NamespaceId>> {
    const body = new AttributeWriter().raw(rtgenmsg.build({}));
    return this.#dump(
      "show namespace ids",
      RTM_GETNSID,
      body,
      options,
      (message) =>
        message.type === RTM_NEWNSID ? decodeNamespaceId(message) : undefined,
    );
  }

  /**
   * Sends any request and waits for its acknowledgement.
   *
   * @throws {NetlinkError} If the kernel rejects it.
   */
  request<T = never>(
    request: NetlinkRequest,
    decode?: (message: MessageReader) => T | undefined,
    options?: WaitOptions,
  ): Promise<Reply<T>> {
    return this.#connection.request(request, decode, options);
  }

  /**
   * Dumps objects of any kind.
   *
   * @param request The request; `flags` without NLM_F_DUMP.
   * @param decode Decodes a message; undefined for one to leave out.
   * @param options A signal, a timeout, and what to do when changes interrupt
   *   the dump.
   * @throws {NetlinkError} If the kernel rejects it.
   */
  dump<T>(
    request: NetlinkRequest,
    decode: (message: MessageReader) => T | undefined,
    options: DumpOptions = {},
  ): Promise<Dump<T>> {
    return this.#connection.dump(request, decode, options);
  }

  /** Sends many requests in few datagrams; see NetlinkConnection.requestMany(). */
  requestMany(
    requests: Iterable<NetlinkRequest> & { readonly length: number },
    options?: WaitOptions,
  ): Promise<(Reply<never> | NetlinkError)[]> {
    return this.#connection.requestMany(requests, options);
  }

  /** Cancels pending requests with ClosedError and closes the socket. */
  close(): Promise<void> {
    return this.#connection.close();
  }

  /** Equivalent to close(). */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #dump<T>(
    tried: string,
    type: number,
    body: AttributeWriter,
    options: DumpOptions,
    decode: (message: MessageReader) => T | undefined,
  ): Promise<Dump<T>> {
    return this.#connection.dump(
      { type, body: body.finish(), tried },
      decode,
      options,
    );
  }
}
