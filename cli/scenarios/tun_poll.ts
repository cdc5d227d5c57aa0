// 2019: a TUN device that its reader does not hear, and a read that outlives
// close().
//
// The report was about Go, whose runtime puts every descriptor into epoll as
// soon as it is open: before TUNSETIFF, when there is no device to listen to.

import { libc } from "../../ffi/libc.ts";
import { ClosedError, TimeoutError } from "../../lib/errors.ts";
import { openNode } from "../../lib/tun/attach.ts";
import { Tun } from "../../lib/tun/device.ts";
import { UdpSocket } from "../../lib/udp/socket.ts";
import { EpollTun, type Trigger } from "./bare/tun.ts";
import {
  blocking,
  closeUnder,
  type Closing,
  describeClosing,
  polling,
  type Waiter,
} from "./stage/closing.ts";
import { Scene } from "./stage/scene.ts";
import { AMPLE, AT_ONCE, PATIENCE, seen } from "./stage/patience.ts";
import type { Scenario } from "./stage/scenario.ts";
import type { Observation, Stage } from "./stage/stage.ts";

const DEVICE = "tun0";
/** Packets to where this leads come out of the device. */
const BEHIND = { address: "198.51.100.2", port: 9 };
const PACKETS = 4;
/** Milliseconds in which a reader that hears does; packets come at once. */
const A_MOMENT = 25;

async function configure(network: Scene): Promise<void> {
  await network.address(DEVICE, "198.51.100.1/24");
  await network.up(DEVICE);
}

async function send({ namespace }: Scene): Promise<void> {
  await using socket = UdpSocket.bind({ namespace, family: "ipv4" });
  await socket.send("packet", BEHIND);
}

// A read that is closed

function read(network: Scene): Promise<Waiter> {
  return blocking(network, { kind: "tun", name: DEVICE });
}

function netplumb({ namespace }: Scene): Waiter {
  const tun = Tun.open({ name: DEVICE, namespace });
  return {
    ...polling,
    async receive() {
      try {
        return (await tun.read()).length > 0;
      } catch (error) {
        if (error instanceof ClosedError) return false;
        throw error;
      }
    },
    close: () => tun.close(),
    [Symbol.asyncDispose]: () => tun.close(),
  };
}

/** Reads a packet, closes under the next read; whether the device stays. */
async function closeReader(
  network: Scene,
  reader: Waiter,
  patience: number,
): Promise<Closing & { readonly device: boolean }> {
  await configure(network);
  const first = reader.receive();
  await send(network);
  if (!await first) throw new Error("no packet can be read");

  const pending = reader.receive();
  await reader.waiting();
  const outcome = await closeUnder(reader, pending, patience);
  return { ...outcome, device: network.has(DEVICE) };
}

function thereOrGone(there: boolean): string {
  return `${DEVICE} is ${there ? "still there" : "gone"}`;
}

async function outlives(network: Scene, stage: Stage): Promise<Observation> {
  await using reader = stage.use(await read(network));
  const outcome = await closeReader(network, reader, PATIENCE);
  await send(network);
  const gone = await seen(() => !network.has(DEVICE));
  return {
    held: outcome.ended === null && outcome.device,
    happened: [
      describeClosing(outcome, PATIENCE),
      thereOrGone(outcome.device),
      `once the next packet was sent, ${thereOrGone(!gone)}`,
    ].join("; "),
    measured: { ...outcome, goneAfterPacket: gone },
  };
}

async function endsAtOnce(
  network: Scene,
  stage: Stage,
): Promise<Observation> {
  await using reader = stage.use(
    stage.fault === "blocking-read" ? await read(network) : netplumb(network),
  );
  const outcome = await closeReader(network, reader, AT_ONCE);
  return {
    held: outcome.ended !== null && !outcome.device,
    happened: `${describeClosing(outcome, AT_ONCE)}; ${
      thereOrGone(outcome.device)
    }`,
    measured: { ...outcome },
  };
}

// A reader that is deaf

/** Begins to wait for a packet; the result says whether it was told of one. */
type Listen = () => () => boolean | Promise<boolean>;

/** Sends packets to somebody who waits for each; how many it was told of. */
async function heard(network: Scene, listen: Listen): Promise<number> {
  let count = 0;
  for (let packet = 0; packet < PACKETS; packet++) {
    const told = listen();
    await send(network);
    if (await told()) count++;
  }
  return count;
}

/** A program's loop around epoll_wait(): wait, read all there is, wait again. */
function epollLoop(tun: EpollTun): Listen {
  return () => {
    while (tun.wait(0)) tun.drain();
    return () => tun.wait(A_MOMENT) && tun.drain() > 0;
  };
}

interface Hearing {
  /** Packets told of after each step, of PACKETS. */
  readonly before: number;
  readonly modified: number;
  readonly again: number;
  /** Packets that were there all the time. */
  readonly unread: number;
}

async function registeredEarly(
  network: Scene,
  trigger: Trigger,
): Promise<Hearing> {
  await using tun = network.enter(() => new EpollTun(trigger));
  const listen = epollLoop(tun);
  tun.control("ADD");
  network.enter(() => tun.attach(DEVICE));
  await configure(network);
  const before = await heard(network, listen);
  tun.control("MOD");
  const modified = await heard(network, listen);
  const unread = tun.drain();
  tun.control("DEL");
  tun.control("ADD");
  const again = await heard(network, listen);
  return { before, modified, again, unread };
}

async function registeredLate(
  network: Scene,
  trigger: Trigger,
): Promise<number> {
  await using tun = network.enter(() => new EpollTun(trigger));
  network.enter(() => tun.attach(DEVICE));
  tun.control("ADD");
  await configure(network);
  return await heard(network, epollLoop(tun));
}

const TRIGGERS: readonly Trigger[] = ["level", "edge"];

async function deaf(network: Scene): Promise<Observation> {
  const rows: Record<string, string>[] = [];
  const hearings: Hearing[] = [];
  const late: number[] = [];
  const of = (count: number) => `${count} of ${PACKETS}`;
  for (const trigger of TRIGGERS) {
    const hearing = await registeredEarly(network, trigger);
    const right = await registeredLate(network, trigger);
    hearings.push(hearing);
    late.push(right);
    rows.push({
      "trigger": trigger,
      "ADD, then TUNSETIFF": of(hearing.before),
      "then MOD": of(hearing.modified),
      "then DEL and ADD": of(hearing.again),
      "TUNSETIFF, then ADD": of(right),
    });
  }
  // One may come through: what epoll found when it was asked to add or modify.
  const held =
    hearings.every(({ before, modified, again, unread }) =>
      before <= 1 && modified <= 1 && again === PACKETS && unread > 0
    ) && late.every((count) => count === PACKETS);
  const unread = hearings.map(({ unread }) => unread);
  return {
    held,
    happened: `packets that epoll told of, see the table; ${
      unread.join(" and ")
    } lay there unread`,
    measured: { hearings, late },
    table: rows,
  };
}

async function hears(network: Scene, stage: Stage): Promise<Observation> {
  const count = stage.fault === "wait-before-attach"
    ? (await registeredEarly(network, "level")).before
    : await heardByNetplumb(network);
  return {
    held: count === PACKETS,
    happened: `${count} of ${PACKETS} packets were read as they came`,
    measured: { heard: count, sent: PACKETS },
  };
}

async function heardByNetplumb(network: Scene): Promise<number> {
  await using tun = Tun.open({ name: DEVICE, namespace: network.namespace });
  await configure(network);
  return await heard(network, () => {
    const pending = tun.read({ timeout: AMPLE }).catch((error) => error);
    return async () => !(await pending instanceof TimeoutError);
  });
}

async function play(stage: Stage): Promise<void> {
  const network = await stage.setup(
    `a network of its own; what is sent to ${BEHIND.address} comes out of ${DEVICE}`,
    async () => {
      // Refused here it is a lack of permission, and not of a trap.
      libc().close(openNode());
      const network = stage.use(await Scene.create());
      // Its router solicitations would be packets nobody sent.
      network.sysctl("net.ipv6.conf.default.disable_ipv6", "1");
      return network;
    },
  );
  await stage.trap(
    "read() blocks in a thread; another thread calls close()",
    "the read goes on and the device with it, until the next packet",
    () => outlives(network, stage),
  );
  await stage.trap(
    "open(), EPOLL_CTL_ADD, TUNSETIFF, and packets come",
    "the descriptor stays deaf, by level and by edge, also after MOD; DEL " +
      "and ADD heal it, and so does adding it after TUNSETIFF",
    () => deaf(network),
  );
  await stage.cure(
    "Tun.open() and read(), and packets come",
    "each is read as it comes",
    () => hears(network, stage),
  );
  await stage.cure(
    "Tun.read() is pending; close()",
    "the read is over at once and the device is gone",
    () => endsAtOnce(network, stage),
  );
}

export const tunPoll: Scenario = {
  name: "tun-poll",
  year: 2019,
  who: "Go's network poller",
  title: "a TUN device that its reader does not hear",
  story:
    "A program opened /dev/net/tun, had its runtime put the descriptor into " +
    "epoll, and made it a device after that. Packets arrived and the program " +
    "was never told. With a blocking descriptor they were read, but then " +
    "close() did not end the read.",
  faults: [
    {
      name: "wait-before-attach",
      summary: "put the descriptor into epoll before TUNSETIFF",
    },
    {
      name: "blocking-read",
      summary: "read with a blocking read() instead of Tun",
    },
  ],
  play,
};
