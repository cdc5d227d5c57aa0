// Netlink, and what is built on it.

import { assert, assertEquals } from "@std/assert";
import { NETLINK_ROUTE } from "../../../ffi/uapi/linux_netlink.ts";
import {
  ifinfomsg,
  RTM_GETLINK,
  RTNLGRP_IPV4_IFADDR,
} from "../../../ffi/uapi/linux_rtnetlink.ts";
import { NetlinkConnection } from "../../../lib/netlink/connection.ts";
import { NetlinkSubscription } from "../../../lib/netlink/subscription.ts";
import {
  addAddress,
  deleteAddress,
  replaceAddress,
} from "../../../lib/rtnetlink/address.ts";
import type { MonitorEvent } from "../../../lib/rtnetlink/monitor/event.ts";
import { Monitor } from "../../../lib/rtnetlink/monitor/monitor.ts";
import { Network } from "../../../lib/rtnetlink/network.ts";
import { RouteSocket } from "../../../lib/rtnetlink/socket.ts";
import { Made, op, type Operation } from "../operation.ts";
import { elsewhere, Named } from "./namespace.ts";

const TIMEOUT = { timeout: 5000 };
const ADDRESS = { address: "10.9.7.1/32", dev: "lo" };
const LINK = { type: RTM_GETLINK, body: ifinfomsg.build({ ifi_index: 1 }) };

/** The requests and replies of a socket. */
const ASKING = {
  send: { EINTR: "retried", others: "error" },
  recvfrom: { EINTR: "retried", EAGAIN: "retried", others: "indeterminate" },
} as const;
const OPENING = {
  "socket, bind, getsockname": "error",
  setsockopt: "ignored",
} as const;
const HEARING = {
  recvmmsg: {
    EINTR: "retried",
    EAGAIN: "retried",
    ENOBUFS: "retried",
    others: "error",
  },
} as const;
/** What a monitor does before it is open. */
const WATCHING = {
  ...OPENING,
  ...ASKING,
  ...HEARING,
  "setsockopt 4, setsockopt 5, setsockopt 6, setsockopt 7, setsockopt 8, setsockopt 9":
    "error",
  getsockopt: "error",
  close: "ignored",
} as const;

/** Another network than the machine's, and who changes and watches it. */
class Changed implements AsyncDisposable {
  readonly network = Network.open({ namespace: elsewhere() });
  readonly subscription = NetlinkSubscription.open({
    protocol: NETLINK_ROUTE,
    namespace: elsewhere(),
    groups: [RTNLGRP_IPV4_IFADDR],
  });

  /** With an address that has come and gone. */
  static async twice(): Promise<Changed> {
    const changed = new Changed();
    await changed.network.apply([addAddress(ADDRESS), deleteAddress(ADDRESS)]);
    return changed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.subscription.close();
    await this.network.applyEach([deleteAddress(ADDRESS)]);
    await this.network.close();
  }
}

/** The same with a monitor. */
export class Watched extends Changed {
  monitor!: Monitor;

  static async open(): Promise<Watched> {
    const watched = new Watched();
    watched.monitor = await Monitor.open(
      { namespace: elsewhere(), objects: ["address"] },
      TIMEOUT,
    );
    await watched.network.apply(addAddress(ADDRESS));
    return watched;
  }

  /** The reports of its monitor until this one. */
  async until(last: MonitorEvent["event"]): Promise<string[]> {
    const reported: string[] = [];
    while (reported.at(-1) !== last) {
      const events = await this.monitor.receive(TIMEOUT);
      reported.push(...events.map(({ event }) => event));
    }
    return reported;
  }

  /** How often its cache has the address. */
  get known(): number {
    return mine(this.monitor.all("address"));
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await this.monitor.close();
    await super[Symbol.asyncDispose]();
  }
}

/** A namespace with a name, and those who watch it. */
class NamedAndWatched extends Named {
  readonly #monitors = new Made<Monitor>();

  async watch(): Promise<Monitor> {
    const namespaces = [this.name];
    const options = { namespaces, objects: ["address"] as const };
    return this.#monitors.keep(await Monitor.open(options, TIMEOUT));
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await this.#monitors[Symbol.asyncDispose]();
    await super[Symbol.asyncDispose]();
  }
}

const mine = (addresses: readonly { address?: string }[]) =>
  addresses.filter(({ address }) => address === "10.9.7.1").length;

export const netlink: readonly Operation[] = [
  op({
    name: "NetlinkConnection.open",
    prepare: () => new Made<NetlinkConnection>(),
    act: (made) =>
      made.keep(NetlinkConnection.open({ protocol: NETLINK_ROUTE })),
    async check(connection) {
      const { objects } = await connection.request(LINK, ({ type }) => type);
      assertEquals(objects.length, 1);
    },
    outcomes: OPENING,
  }),
  op({
    name: "NetlinkConnection.request",
    prepare: () => NetlinkConnection.open({ protocol: NETLINK_ROUTE }),
    act: (connection) => connection.request(LINK, ({ type }) => type, TIMEOUT),
    check: ({ objects }) => assertEquals(objects.length, 1),
    outcomes: ASKING,
  }),
  op({
    name: "NetlinkConnection.requestMany",
    prepare: () => NetlinkConnection.open({ protocol: NETLINK_ROUTE }),
    act: (connection) => connection.requestMany([LINK, LINK, LINK], TIMEOUT),
    check: (answers) => assertEquals(answers.length, 3),
    outcomes: ASKING,
  }),
  op({
    name: "NetlinkConnection.dump",
    prepare: () => NetlinkConnection.open({ protocol: NETLINK_ROUTE }),
    act: (connection) =>
      connection.dump(
        { type: RTM_GETLINK, body: ifinfomsg.build({}) },
        ({ type }) => type,
        TIMEOUT,
      ),
    check: (types) => assertEquals(types.interrupted, false),
    outcomes: ASKING,
  }),
  op({
    name: "NetlinkSubscription.open",
    prepare: () => new Made<NetlinkSubscription>(),
    act: (made) =>
      made.keep(NetlinkSubscription.open({
        protocol: NETLINK_ROUTE,
        groups: [RTNLGRP_IPV4_IFADDR],
      })),
    outcomes: { "socket, bind, setsockopt": "error" },
  }),
  op({
    name: "NetlinkSubscription.drain",
    prepare: () => Changed.twice(),
    act: ({ subscription }) => subscription.drain(() => {}),
    check: (outcome) => assertEquals(outcome, "empty"),
    outcomes: {
      recvmmsg: {
        EINTR: "would block",
        EAGAIN: "would block",
        ENOBUFS: "overrun",
        others: "error",
      },
    },
  }),
  op({
    name: "RouteSocket.links, addresses, routes, neighbours, rules, nexthops",
    prepare: () => RouteSocket.open({ namespace: elsewhere() }),
    act: (socket) => socket.links(TIMEOUT),
    check: (links) => assert(links.some(({ name }) => name === "lo")),
    outcomes: ASKING,
  }),
  op({
    name: "RouteSocket.link",
    prepare: () => RouteSocket.open({ namespace: elsewhere() }),
    act: (socket) => socket.link("lo", TIMEOUT),
    check: ({ ifindex }) => assertEquals(ifindex, 1),
    outcomes: ASKING,
  }),
  op({
    name: "RouteSocket.lookup",
    // Loopback is up in the namespace of the tests.
    prepare: () => RouteSocket.open(),
    act: (socket) => socket.lookup("127.0.0.1", { ...TIMEOUT, oif: "lo" }),
    check: ({ preferredSource }) => assertEquals(preferredSource, "127.0.0.1"),
    outcomes: ASKING,
  }),
  op({
    name: "RouteSocket.qdiscs, classes",
    prepare: () => RouteSocket.open({ namespace: elsewhere() }),
    act: (socket) => socket.qdiscs(TIMEOUT),
    check: (qdiscs) => assertEquals(qdiscs.interrupted, false),
    outcomes: ASKING,
  }),
  op({
    name: "Network.apply",
    prepare: () => new Changed(),
    act: ({ network }) => network.apply(replaceAddress(ADDRESS), TIMEOUT),
    async check(_, { network }) {
      assertEquals(mine(await network.socket.addresses()), 1);
    },
    outcomes: ASKING,
  }),
  op({
    name: "Monitor.open",
    prepare: () => (elsewhere(), new Made<Monitor>()),
    act: async (made) =>
      made.keep(
        await Monitor.open(
          { namespace: elsewhere(), objects: ["address"] },
          TIMEOUT,
        ),
      ),
    check: (monitor) => assertEquals(mine(monitor.all("address")), 0),
    outcomes: {
      ...WATCHING,
      "open, setns, readlink": "error",
      "setns 3, setns 6": "retried",
    },
  }),
  op({
    name: "Monitor.open of namespaces by name",
    prepare: () => new NamedAndWatched(),
    act: (named) => named.watch(),
    check: (monitor, { name }) =>
      assertEquals(mine(monitor.all("address", name)), 0),
    outcomes: {
      ...WATCHING,
      "open, inotify_init1, setns, readlink": "error",
      "setns 3": "retried",
      inotify_add_watch: "ignored",
      read: "ignored",
    },
  }),
  op({
    name: "Monitor.receive",
    prepare: () => Watched.open(),
    act: (watched) => watched.until("new"),
    check: (_, { known }) => assertEquals(known, 1),
    outcomes: HEARING,
  }),
];
