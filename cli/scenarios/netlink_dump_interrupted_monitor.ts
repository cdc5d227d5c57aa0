// The second half of the scenario netlink-dump-interrupted: the monitor in C of
// the same report, and the library where it goes wrong.

import { libc, unwrap } from "../../ffi/libc.ts";
import {
  NETLINK_ROUTE,
  NLMSG_NOOP,
  nlmsghdr,
  sockaddr_nl,
} from "../../ffi/uapi/linux_netlink.ts";
import { ifaddrmsg } from "../../ffi/uapi/linux_if_addr.ts";
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
import {
  AF_INET,
  AF_NETLINK,
  MSG_DONTWAIT,
} from "../../ffi/uapi/sys_socket.ts";
import { interfaceName } from "../../lib/net/interface_index.ts";
import { noCounts } from "../../lib/netlink/counters.ts";
import { NetlinkBuffer } from "../../lib/netlink/buffer.ts";
import { MessageReader } from "../../lib/netlink/message.ts";
import { openNetlinkSocket, ownPort } from "../../lib/netlink/socket.ts";
import { Monitor } from "../../lib/rtnetlink/monitor/monitor.ts";
import { NetlinkSubscription } from "../../lib/netlink/subscription.ts";
import { ENDLESS, NameFinder, walk } from "./bare/c_monitor.ts";
import { Scene } from "./stage/scene.ts";
import { AMPLE } from "./stage/patience.ts";
import type { Observation, Stage } from "./stage/stage.ts";

/** A good message and one that says it is 0 bytes long. */
function badDatagram(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(2 * nlmsghdr.size);
  bytes.set(nlmsghdr.build({
    nlmsg_len: nlmsghdr.size,
    nlmsg_type: NLMSG_NOOP,
  }));
  bytes.set(nlmsghdr.build({ nlmsg_type: NLMSG_NOOP }), nlmsghdr.size);
  return bytes;
}

/** Sends a datagram to a netlink socket, as any process with CAP_NET_ADMIN may. */
async function sendTo(
  { namespace }: Scene,
  port: number,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  await using socket = openNetlinkSocket({
    protocol: NETLINK_ROUTE,
    namespace,
  });
  const to = sockaddr_nl.build({ nl_family: AF_NETLINK, nl_pid: port });
  const { sendto } = libc();
  const length = BigInt(bytes.length);
  unwrap(sendto(socket.fd, bytes, length, 0, to, to.length), "sendto");
}

/** The ports of the rtnetlink sockets in a network, from /proc. */
function ports(network: Scene): number[] {
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

/** The loop of the C program, with a datagram that a process sent it. */
async function loop(network: Scene): Promise<number> {
  const { namespace } = network;
  await using socket = openNetlinkSocket({
    protocol: NETLINK_ROUTE,
    namespace,
  });
  await sendTo(network, ownPort(socket.fd), badDatagram());
  const bytes = new Uint8Array(8192);
  const room = BigInt(bytes.length);
  const length = unwrap(
    libc().recv(socket.fd, bytes, room, MSG_DONTWAIT),
    "recv",
  );
  return walk(bytes.slice(0, length));
}

export async function loopsForEver(network: Scene): Promise<Observation> {
  const rounds = await loop(network);
  return {
    held: rounds === ENDLESS,
    happened: rounds === ENDLESS
      ? `${ENDLESS} rounds later it is still at the same message`
      : `it ends after ${rounds} rounds`,
    measured: { rounds },
  };
}

export async function walksOn(
  scene: Scene,
  stage: Stage,
): Promise<Observation> {
  if (stage.fault === "loop-on-bad-length") {
    return { ...await loopsForEver(scene), held: false };
  }
  const { namespace } = scene;
  const before = ports(scene);
  await using monitor = await Monitor.open({ objects: ["link"], namespace });
  for (const port of ports(scene)) {
    if (!before.includes(port)) await sendTo(scene, port, badDatagram());
  }
  await scene.veth("event0", "event1");
  await scene.delete("event0");
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

  // The same from the kernel itself, which has no reason to.
  const counters = noCounts();
  const bad = badDatagram();
  const reader = new MessageReader(NetlinkBuffer.of(bad), counters);
  reader.reset(0, bad.length);
  let read = 0;
  while (reader.next()) read++;
  const { malformed } = counters;
  return {
    held: ignored && events > 0 && read === 1 && malformed === 1,
    happened: `what the process sent is ${ignored ? "" : "not "}told of as ` +
      `ignored, ${events} events of the kernel are told; had the kernel sent ` +
      `the two messages, ${read} is read and ${malformed} counted as malformed`,
    measured: { ignored, events, read, malformed },
  };
}

/** What the C program listens to. */
const GROUPS = [
  RTNLGRP_LINK,
  RTNLGRP_IPV4_IFADDR,
  RTNLGRP_IPV6_IFADDR,
  RTNLGRP_IPV6_ROUTE,
];

const MESSAGES = [RTM_NEWLINK, RTM_NEWADDR, RTM_NEWROUTE];

/** The events that both monitors are to name the interface of. */
async function makeEvents(scene: Scene): Promise<void> {
  await scene.veth("east", "west");
  await scene.address("lo", "192.0.2.1/32");
  await scene.address("lo", "2001:db8::1/128");
  await scene.address("east", "2001:db8:e::1/64");
}

/** The index of the interface that a message is about, and its kind. */
function about(message: MessageReader): { index: number; what: string } {
  const { type, view, payload } = message;
  if (type === RTM_NEWLINK) {
    const index = ifinfomsg.fields.ifi_index.get(view, payload);
    return { index, what: "a link" };
  }
  if (type === RTM_NEWADDR) {
    const { ifa_index, ifa_family } = ifaddrmsg.get(view, payload);
    const family = ifa_family === AF_INET ? "IPv4" : "IPv6";
    return { index: ifa_index, what: `an ${family} address` };
  }
  const attributes = message.attributes(rtmsg.size);
  while (attributes.next()) {
    if (attributes.type === RTA_OIF) {
      return { index: attributes.u32(), what: "an IPv6 route" };
    }
  }
  return { index: 0, what: "an IPv6 route" };
}

/** What was told of the interfaces of messages, and what is true. */
class Names {
  readonly #scene: Scene;
  readonly #rows = new Map<string, Record<string, string>>();
  #told = 0;
  #wrong = 0;

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  add(what: string, index: number, printed: string | undefined): void {
    const truth = this.#scene.enter(() => interfaceName(index)) ?? "";
    this.#told++;
    if (printed !== truth) this.#wrong++;
    this.#rows.set(`${what} ${truth}`, {
      "a message about": what,
      "of the interface": truth,
      "names it": JSON.stringify(printed ?? ""),
    });
  }

  /** Whether the last of the events was told; addresses of IPv6 take a while. */
  get complete(): boolean {
    return ["lo", "east"].every((name) =>
      this.#rows.has(`an IPv6 address ${name}`)
    );
  }

  observe(held: (wrong: number) => boolean): Observation {
    const [told, wrong] = [this.#told, this.#wrong];
    return {
      held: told > 0 && held(wrong),
      happened: `${wrong} of ${told} messages get another name than that of ` +
        "their interface",
      measured: { told, wrong },
      table: [...this.#rows.values()],
    };
  }
}

async function cNames({ signal }: Stage): Promise<Names> {
  await using scene = await Scene.create();
  await using subscription = NetlinkSubscription.open({
    protocol: NETLINK_ROUTE,
    groups: GROUPS,
    namespace: scene.namespace,
  });
  await makeEvents(scene);
  const names = new Names(scene);
  const finder = new NameFinder();
  while (!names.complete) {
    await subscription.readable({ signal, timeout: AMPLE });
    subscription.drain((message) => {
      if (!MESSAGES.includes(message.type)) return;
      const printed = finder.nameFor(message.copy());
      const { index, what } = about(message);
      names.add(what, index, printed);
    });
  }
  return names;
}

async function monitorNames({ signal }: Stage): Promise<Names> {
  await using scene = await Scene.create();
  const { namespace } = scene;
  await using monitor = await Monitor.open({
    objects: ["link", "address", "route"],
    namespace,
  });
  await makeEvents(scene);
  const names = new Names(scene);
  while (!names.complete) {
    for (const event of await monitor.receive({ signal, timeout: AMPLE })) {
      if (!("object" in event)) continue;
      const { data, object } = event;
      if (!("ifindex" in data)) continue;
      const family = "family" in data && data.family === "inet6"
        ? "an IPv6"
        : "an IPv4";
      const what = object === "link" ? "a link" : `${family} ${object}`;
      names.add(what, data.ifindex, event.names.name(data.ifindex));
    }
  }
  return names;
}

export async function wrongNames(stage: Stage): Promise<Observation> {
  return (await cNames(stage)).observe((wrong) => wrong > 0);
}

export async function rightNames(stage: Stage): Promise<Observation> {
  const names = stage.fault === "name-by-position"
    ? await cNames(stage)
    : await monitorNames(stage);
  return names.observe((wrong) => wrong === 0);
}
