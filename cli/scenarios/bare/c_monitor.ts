// The monitor in C of the 2024 report, and what it makes of what it receives:
// its code written out again, with a limit where it had none.

import { libc, unwrap } from "../../../ffi/libc.ts";
import {
  NETLINK_ROUTE,
  NLMSG_ALIGN,
  NLMSG_NOOP,
  nlmsghdr,
  sockaddr_nl,
} from "../../../ffi/layout/linux_netlink.ts";
import { RTNLGRP_LINK } from "../../../ffi/layout/linux_rtnetlink.ts";
import { AF_NETLINK, MSG_DONTWAIT } from "../../../ffi/layout/sys_socket.ts";
import { noCounts } from "../../../lib/netlink/counters.ts";
import { MessageReader, NetlinkBuffer } from "../../../lib/netlink/message.ts";
import { openSocket, ownPort } from "../../../lib/netlink/socket.ts";
import { NetlinkSubscription } from "../../../lib/netlink/subscription.ts";
import type { Scene } from "../stage/scene.ts";
import type { Observation, Stage } from "../stage/stage.ts";

/** Rounds after which a loop over two messages is taken to be endless. */
const ENDLESS = 1_000_000;

/**
 * Its loop over a datagram: how many rounds it takes, ENDLESS at most.
 *
 *     while (status >= sizeof(*h)) {
 *       int len = h->nlmsg_len;
 *       int l = len - sizeof(*h);
 *       if (l < 0 || len > status) {
 *         printf("Invalid message length: %i\n", len);
 *         continue;
 *       }
 *       ...
 *       status -= NLMSG_ALIGN(len);
 *       h = (struct nlmsghdr *)((char *)h + NLMSG_ALIGN(len));
 *     }
 */
function walk(bytes: Uint8Array<ArrayBuffer>): number {
  const view = new DataView(bytes.buffer);
  let at = 0;
  let status = bytes.length;
  for (let round = 1; round <= ENDLESS; round++) {
    if (status < nlmsghdr.size) return round - 1;
    const length = view.getInt32(at, true);
    if (length - nlmsghdr.size < 0 || length > status) continue;
    status -= NLMSG_ALIGN(length);
    at += NLMSG_ALIGN(length);
  }
  return ENDLESS;
}

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

/** Sends a datagram to a netlink socket of this network, as any process may. */
async function sendTo(
  { namespace }: Scene,
  port: number,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  await using socket = openSocket({ protocol: NETLINK_ROUTE, namespace });
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
  await using socket = openSocket({ protocol: NETLINK_ROUTE, namespace });
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
  network: Scene,
  stage: Stage,
): Promise<Observation> {
  if (stage.fault === "loop-on-bad-length") {
    const { happened, measured } = await loopsForEver(network);
    return { held: false, happened, measured };
  }
  const before = ports(network);
  await using subscription = NetlinkSubscription.open({
    protocol: NETLINK_ROUTE,
    groups: [RTNLGRP_LINK],
    namespace: network.namespace,
  });
  const [port] = ports(network).filter((port) => !before.includes(port));
  await sendTo(network, port, badDatagram());
  await network.veth("event0", "event1");
  await network.delete("event0");
  let events = 0;
  subscription.drain(() => events++);
  const { foreignSender } = subscription.counters;

  // The same from the kernel itself, which has no reason to.
  const counters = noCounts();
  const bad = badDatagram();
  const reader = new MessageReader(NetlinkBuffer.of(bad), counters);
  reader.reset(0, bad.length);
  let read = 0;
  while (reader.next()) read++;
  return {
    held: foreignSender === 1 && events > 0 && read === 1 &&
      counters.malformed === 1,
    happened: `datagrams of a process left out: ${foreignSender}; events of ` +
      `the kernel read: ${events}; of the two messages ${read} is read and ` +
      `${counters.malformed} counted as malformed`,
    measured: { foreignSender, events, read, malformed: counters.malformed },
  };
}
