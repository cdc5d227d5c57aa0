// The second half of the scenario netlink-dump-interrupted: the C monitor of the
// same report, and the library on the same messages.

import { libc, unwrap } from "../../ffi/libc.ts";
import { ifaddrmsg } from "../../ffi/uapi/linux_if_addr.ts";
import {
  NETLINK_ROUTE,
  NLMSG_NOOP,
  nlmsghdr,
  sockaddr_nl,
} from "../../ffi/uapi/linux_netlink.ts";
import {
  ifinfomsg,
  RTA_OIF,
  RTM_NEWADDR,
  RTM_NEWLINK,
  RTM_NEWROUTE,
  rtmsg,
  RTNLGRP_IPV4_IFADDR,
  RTNLGRP_IPV6_IFADDR,
  RTNLGRP_IPV6_ROUTE,
  RTNLGRP_LINK,
} from "../../ffi/uapi/linux_rtnetlink.ts";
import { AF_INET, AF_NETLINK } from "../../ffi/uapi/sys_socket.ts";
import { interfaceName } from "../../lib/net/interface_index.ts";
import { NetlinkBuffer } from "../../lib/netlink/buffer.ts";
import { noCounts } from "../../lib/netlink/counters.ts";
import { MessageReader } from "../../lib/netlink/message.ts";
import { openNetlinkSocket, ownPort } from "../../lib/netlink/socket.ts";
import { NetlinkSubscription } from "../../lib/netlink/subscription.ts";
import { Monitor } from "../../lib/rtnetlink/mod.ts";
import { ENDLESS, iterate, NameFinder } from "./c_monitor.ts";
import { receiveDatagram } from "./raw_netlink.ts";
import type { Observation, Runner } from "./runner.ts";
import { TestNetwork } from "./test_network.ts";
import { AMPLE } from "./waiting.ts";

// Malformed messages

/** A valid message and one with a length of 0. */
function malformedDatagram(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(2 * nlmsghdr.size);
  bytes.set(nlmsghdr.build({
    nlmsg_len: nlmsghdr.size,
    nlmsg_type: NLMSG_NOOP,
  }));
  bytes.set(nlmsghdr.build({ nlmsg_type: NLMSG_NOOP }), nlmsghdr.size);
  return bytes;
}

/** Sends the datagram to a netlink socket; any process with CAP_NET_ADMIN can. */
async function sendMalformed(
  { namespace }: TestNetwork,
  port: number,
): Promise<void> {
  const protocol = NETLINK_ROUTE;
  await using socket = openNetlinkSocket({ protocol, namespace });
  const bytes = malformedDatagram();
  const to = sockaddr_nl.build({ nl_family: AF_NETLINK, nl_pid: port });
  const { sendto } = libc();
  const length = BigInt(bytes.length);
  unwrap(sendto(socket.fd, bytes, length, 0, to, to.length), "sendto");
}

/** The ports of the rtnetlink sockets of a network, from /proc. */
function ports(network: TestNetwork): number[] {
  const text = network.enter(() =>
    Deno.readTextFileSync("/proc/thread-self/net/netlink")
  );
  return text.trim().split("\n").slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, protocol, port]) =>
      Number(protocol) === NETLINK_ROUTE && port !== "0"
    )
    .map(([, , port]) => Number(port));
}

export async function loopsForever(
  network: TestNetwork,
): Promise<Observation> {
  const { namespace } = network;
  const protocol = NETLINK_ROUTE;
  await using socket = openNetlinkSocket({ protocol, namespace });
  await sendMalformed(network, ownPort(socket.fd));
  const bytes = new Uint8Array(8192);
  const length = receiveDatagram(socket.fd, bytes);
  const iterations = iterate(bytes.slice(0, length));
  return {
    ok: iterations === ENDLESS,
    observed: iterations === ENDLESS
      ? `after ${ENDLESS} iterations it is still at the same message`
      : `it ends after ${iterations} iterations`,
    measured: { iterations },
  };
}

export async function acceptsMalformed(
  network: TestNetwork,
  runner: Runner,
): Promise<Observation> {
  if (runner.fault === "loop-on-bad-length") {
    return { ...await loopsForever(network), ok: false };
  }
  const { namespace } = network;
  const before = ports(network);
  await using monitor = await Monitor.open({ objects: ["link"], namespace });
  for (const port of ports(network)) {
    if (!before.includes(port)) await sendMalformed(network, port);
  }
  await network.veth("event0", "event1");
  await network.delete("event0");
  let events = 0;
  let ignored = false;
  for (let gone = false; !gone;) {
    for (const event of await monitor.receive({ timeout: AMPLE })) {
      if (event.event === "ignored") ignored = true;
      else events++;
      gone ||= event.event === "delete" && event.object === "link" &&
        event.data.name === "event0";
    }
  }

  // The same datagram as if the kernel had sent it.
  const counters = noCounts();
  const bytes = malformedDatagram();
  const reader = new MessageReader(NetlinkBuffer.of(bytes), counters);
  reader.reset(0, bytes.length);
  let read = 0;
  while (reader.next()) read++;
  const { malformed } = counters;
  return {
    ok: ignored && events > 0 && read === 1 && malformed === 1,
    observed:
      `the datagram of the other process is ${
        ignored ? "ignored and reported" : "not reported"
      }; ${events} events of the kernel are reported; of the same datagram from ` +
      `the kernel, ${read} message is read and ${malformed} is counted as malformed`,
    measured: { ignored, events, read, malformed },
  };
}

// Names of interfaces

/** A message, and the name a monitor gives its interface. */
interface Named {
  /** "a link", "an IPv4 address", "an IPv6 route" ... */
  readonly what: string;
  readonly ifindex: number;
  readonly name: string;
}

/** Receives messages. */
type Source = AsyncDisposable & { receive(): Promise<Named[]> };

/** The multicast groups of the C monitor. */
const GROUPS = [
  RTNLGRP_LINK,
  RTNLGRP_IPV4_IFADDR,
  RTNLGRP_IPV6_IFADDR,
  RTNLGRP_IPV6_ROUTE,
];

function cMonitor({ namespace }: TestNetwork, signal: AbortSignal): Source {
  const subscription = NetlinkSubscription.open({
    protocol: NETLINK_ROUTE,
    groups: GROUPS,
    namespace,
  });
  const finder = new NameFinder();
  return {
    async receive() {
      const named: Named[] = [];
      await subscription.readable({ signal, timeout: AMPLE });
      subscription.drain((message) => {
        const about = subject(message);
        if (about === undefined) return;
        named.push({ ...about, name: finder.nameFor(message.copy()) });
      });
      return named;
    },
    [Symbol.asyncDispose]: () => subscription.close(),
  };
}

/** The interface of a message and the type of its object. */
function subject(message: MessageReader): Omit<Named, "name"> | undefined {
  const { type, view, payload } = message;
  switch (type) {
    case RTM_NEWLINK: {
      const ifindex = ifinfomsg.fields.ifi_index.get(view, payload);
      return { what: "a link", ifindex };
    }
    case RTM_NEWADDR: {
      const { ifa_index, ifa_family } = ifaddrmsg.get(view, payload);
      const family = ifa_family === AF_INET ? "IPv4" : "IPv6";
      return { what: `an ${family} address`, ifindex: ifa_index };
    }
    case RTM_NEWROUTE: {
      const attributes = message.attributes(rtmsg.size);
      let ifindex = 0;
      while (attributes.next()) {
        if (attributes.type === RTA_OIF) ifindex = attributes.u32();
      }
      return { what: "an IPv6 route", ifindex };
    }
  }
}

async function libraryMonitor(
  { namespace }: TestNetwork,
  signal: AbortSignal,
): Promise<Source> {
  const monitor = await Monitor.open({
    objects: ["link", "address", "route"],
    namespace,
  });
  return {
    async receive() {
      const named: Named[] = [];
      for (const event of await monitor.receive({ signal, timeout: AMPLE })) {
        if (!("object" in event) || !("ifindex" in event.data)) continue;
        const { data, object } = event;
        const { ifindex } = event.data;
        const v6 = "family" in data && data.family === "inet6";
        const what = object === "link"
          ? "a link"
          : `an ${v6 ? "IPv6" : "IPv4"} ${object}`;
        named.push({ what, ifindex, name: event.names.name(ifindex) });
      }
      return named;
    },
    [Symbol.asyncDispose]: () => monitor.close(),
  };
}

/** Compares the names a monitor reports with those of the kernel. */
async function compareNames(
  open: (network: TestNetwork) => Source | Promise<Source>,
): Promise<Omit<Observation, "ok"> & { readonly wrong: number }> {
  await using network = await TestNetwork.create();
  await using source = await open(network);
  await network.veth("east", "west");
  await network.address("lo", "192.0.2.1/32");
  await network.address("lo", "2001:db8::1/128");
  await network.address("east", "2001:db8:e::1/64");
  const rows = new Map<string, Record<string, string>>();
  // IPv6 addresses are the last to be notified.
  const last = ["an IPv6 address lo", "an IPv6 address east"];
  let messages = 0;
  let wrong = 0;
  while (!last.every((key) => rows.has(key))) {
    for (const { what, ifindex, name } of await source.receive()) {
      const actual = network.enter(() => interfaceName(ifindex)) ?? "";
      messages++;
      if (name !== actual) wrong++;
      rows.set(`${what} ${actual}`, {
        "message about": what,
        "interface": actual,
        "reported name": JSON.stringify(name),
      });
    }
  }
  return {
    wrong,
    observed: `${wrong} of ${messages} messages are reported with a wrong name`,
    measured: { messages, wrong },
    table: [...rows.values()],
  };
}

export async function wrongNames({ signal }: Runner): Promise<Observation> {
  const { wrong, ...observation } = await compareNames((network) =>
    cMonitor(network, signal)
  );
  return { ok: wrong > 0, ...observation };
}

export async function monitorNames(
  { signal, fault }: Runner,
): Promise<Observation> {
  const open = fault === "name-by-position" ? cMonitor : libraryMonitor;
  const { wrong, ...observation } = await compareNames((network) =>
    open(network, signal)
  );
  return { ok: wrong === 0, ...observation };
}
