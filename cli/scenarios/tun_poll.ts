// 2019: a TUN device whose reader is not woken, and a read that outlives
// close().
//
// The report was about Go, whose runtime adds every descriptor to epoll at
// open(): before TUNSETIFF, when the descriptor has no device and no wait queue.

import { libc } from "../../ffi/libc.ts";
import { openNode } from "../../lib/tun/attach.ts";
import { Tun } from "../../lib/tun/mod.ts";
import { TimeoutError, UdpSocket } from "../../lib/udp/mod.ts";
import { BlockedThread } from "./blocked_thread.ts";
import {
  closeText,
  closeWhileWaiting,
  libraryReceiver,
  type Receiver,
} from "./close_while_waiting.ts";
import { attachTun, EpollTun, type Trigger } from "./epoll_tun.ts";
import type { Observation, Runner, Scenario } from "./runner.ts";
import { TestNetwork } from "./test_network.ts";
import { AMPLE, IMMEDIATE, PENDING, seen } from "./waiting.ts";

const DEVICE = "tun0";
/** A destination behind the device. */
const DESTINATION = { address: "198.51.100.2", port: 9 };
const PACKETS = 4;
/** Milliseconds in which epoll reports a packet; the packet comes at once. */
const REPORTED = 25;

async function configure(network: TestNetwork): Promise<void> {
  await network.address(DEVICE, "198.51.100.1/24");
  await network.up(DEVICE);
}

async function sendPacket({ namespace }: TestNetwork): Promise<void> {
  await using socket = UdpSocket.bind({ namespace, family: "ipv4" });
  await socket.send("packet", DESTINATION);
}

// close() during a read

function blockingReader(network: TestNetwork): Promise<Receiver> {
  const fd = network.enter(openNode);
  attachTun(fd, DEVICE);
  return BlockedThread.start("read", fd);
}

function libraryReader({ namespace }: TestNetwork): Receiver {
  const tun = Tun.open({ name: DEVICE, namespace });
  return libraryReceiver(
    async () => (await tun.read()).length > 0,
    () => tun.close(),
  );
}

/** Reads a packet, then closes during the next read. */
async function closeReader(
  network: TestNetwork,
  reader: Receiver,
  limit: number,
) {
  await configure(network);
  const first = reader.receive();
  await sendPacket(network);
  if (!await first) throw new Error("no packet can be read");

  const pending = reader.receive();
  await reader.waiting();
  const outcome = await closeWhileWaiting(reader, pending, limit);
  const exists = network.has(DEVICE);
  const observed = `${closeText(outcome, limit)}; ${deviceText(exists)}`;
  return { outcome, exists, observed };
}

function deviceText(exists: boolean): string {
  return `${DEVICE} ${exists ? "still exists" : "is gone"}`;
}

async function readOutlivesClose(
  network: TestNetwork,
  runner: Runner,
): Promise<Observation> {
  await using reader = runner.use(await blockingReader(network));
  const { outcome, exists, observed } = await closeReader(
    network,
    reader,
    PENDING,
  );
  await sendPacket(network);
  const gone = await seen(() => !network.has(DEVICE));
  return {
    ok: outcome.ended === null && exists,
    observed: `${observed}; after the next packet ${deviceText(!gone)}`,
    measured: { ...outcome, device: exists, goneAfterPacket: gone },
  };
}

async function readEndsImmediately(
  network: TestNetwork,
  runner: Runner,
): Promise<Observation> {
  await using reader = runner.use(
    runner.fault === "blocking-read"
      ? await blockingReader(network)
      : libraryReader(network),
  );
  const { outcome, exists, observed } = await closeReader(
    network,
    reader,
    IMMEDIATE,
  );
  return {
    ok: outcome.ended !== null && !exists,
    observed,
    measured: { ...outcome, device: exists },
  };
}

// epoll and TUNSETIFF

/** Starts to wait for a packet; the result says whether it was reported. */
type StartWait = () => () => boolean | Promise<boolean>;

/** Sends packets one by one; returns how many of them are reported. */
async function countReported(
  network: TestNetwork,
  startWait: StartWait,
): Promise<number> {
  let count = 0;
  for (let packet = 0; packet < PACKETS; packet++) {
    const isReported = startWait();
    await sendPacket(network);
    if (await isReported()) count++;
  }
  return count;
}

/** An event loop: wait, read until EAGAIN, wait again. */
function epollLoop(tun: EpollTun): StartWait {
  return () => {
    while (tun.wait(0)) tun.drain();
    return () => tun.wait(REPORTED) && tun.drain() > 0;
  };
}

/** Adds the descriptor to epoll before TUNSETIFF, then tries to repair that. */
async function addThenAttach(network: TestNetwork, trigger: Trigger) {
  await using tun = network.enter(() => new EpollTun(trigger));
  const reported = () => countReported(network, epollLoop(tun));
  tun.control("ADD");
  network.enter(() => tun.attach(DEVICE));
  await configure(network);
  const before = await reported();
  tun.control("MOD");
  const modified = await reported();
  const unread = tun.drain();
  tun.control("DEL");
  tun.control("ADD");
  return { before, modified, unread, added: await reported() };
}

async function attachThenAdd(
  network: TestNetwork,
  trigger: Trigger,
): Promise<number> {
  await using tun = network.enter(() => new EpollTun(trigger));
  network.enter(() => tun.attach(DEVICE));
  tun.control("ADD");
  await configure(network);
  return await countReported(network, epollLoop(tun));
}

async function neverReported(network: TestNetwork): Promise<Observation> {
  const measured = [];
  for (const trigger of ["level", "edge"] as const) {
    const early = await addThenAttach(network, trigger);
    measured.push({
      trigger,
      ...early,
      late: await attachThenAdd(network, trigger),
    });
  }
  const of = (count: number) => `${count} of ${PACKETS}`;
  return {
    // One may be reported: what epoll finds at the time of ADD or MOD.
    ok: measured.every(({ before, modified, added, unread, late }) =>
      before <= 1 && modified <= 1 && unread > 0 &&
      added === PACKETS && late === PACKETS
    ),
    observed: "the table shows the packets that epoll reports; " +
      `${measured.map(({ unread }) => unread).join(" and ")} stayed unread`,
    measured: { triggers: measured },
    table: measured.map(({ trigger, before, modified, added, late }) => ({
      "trigger": trigger,
      "ADD, then TUNSETIFF": of(before),
      "then MOD": of(modified),
      "then DEL and ADD": of(added),
      "TUNSETIFF, then ADD": of(late),
    })),
  };
}

async function readByLibrary(network: TestNetwork): Promise<number> {
  await using tun = Tun.open({ name: DEVICE, namespace: network.namespace });
  await configure(network);
  return await countReported(network, () => {
    const pending = tun.read({ timeout: AMPLE }).catch((error) => error);
    return async () => !(await pending instanceof TimeoutError);
  });
}

async function allReported(
  network: TestNetwork,
  runner: Runner,
): Promise<Observation> {
  const read = runner.fault === "wait-before-attach"
    ? (await addThenAttach(network, "level")).before
    : await readByLibrary(network);
  return {
    ok: read === PACKETS,
    observed: `${read} of ${PACKETS} packets are read when they arrive`,
    measured: { read, sent: PACKETS },
  };
}

async function run(runner: Runner): Promise<void> {
  const network = await runner.setup(
    `a network namespace; packets to ${DESTINATION.address} leave through ` +
      DEVICE,
    async () => {
      // Without the permission to open it nothing can be reproduced.
      libc().close(openNode());
      const network = runner.use(await TestNetwork.create());
      // Router solicitations would be further packets.
      const path = "/proc/sys/net/ipv6/conf/default/disable_ipv6";
      try {
        network.enter(() => Deno.writeTextFileSync(path, "1"));
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
      return network;
    },
  );
  await runner.problem(
    "a thread blocks in read(); another thread calls close()",
    "the read stays pending and the device exists until the next packet",
    () => readOutlivesClose(network, runner),
  );
  await runner.problem(
    "open(), EPOLL_CTL_ADD, TUNSETIFF; then packets arrive",
    "epoll does not report them, level-triggered or edge-triggered, also after " +
      "MOD; it does after DEL and ADD, or when added after TUNSETIFF",
    () => neverReported(network),
  );
  await runner.fix(
    "Tun.open() and read(); then packets arrive",
    "each packet is read when it arrives",
    () => allReported(network, runner),
  );
  await runner.fix(
    "Tun.read() is pending; close()",
    "the read ends immediately and the device is gone",
    () => readEndsImmediately(network, runner),
  );
}

export const tunPoll: Scenario = {
  name: "tun-poll",
  year: 2019,
  program: "Go's network poller",
  title: "a TUN device whose reader is not woken",
  report:
    "A program opened /dev/net/tun, its runtime added the descriptor to epoll, " +
    "and only then TUNSETIFF attached it to a device. Packets arrived, but " +
    "epoll did not report them. A blocking descriptor could be read, but " +
    "close() did not end the read.",
  faults: [
    {
      name: "wait-before-attach",
      summary: "add the descriptor to epoll before TUNSETIFF",
    },
    {
      name: "blocking-read",
      summary: "read with a blocking read() instead of Tun",
    },
  ],
  run,
};
