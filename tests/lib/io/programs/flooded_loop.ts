// Works through a queue that is full and prints the longest time for which no
// timer ran meanwhile. Runs in a network namespace of its own.
//
//   flooded_loop.ts WAY

import {
  Monitor,
  NetlinkSubscription,
  PacketBatch,
  ReceiveBatch,
  SendBatch,
  Tun,
  UdpSocket,
} from "../../../../mod.ts";
import { compute, TimerGaps } from "./timer_gaps.ts";

export interface Flooded {
  /** Milliseconds of the longest gap between two runs of a timer. */
  readonly longest: number;
  /** What was handled. */
  readonly handled: number;
  /** Milliseconds that all of it took. */
  readonly took: number;
}

const [way] = Deno.args;
/** Datagrams and packets that are queued. */
export const QUEUED = 2000;
/** Routes that are added at once. */
export const ROUTES = 20_000;
/** Milliseconds for each. */
const WORK = 0.5;
const ROUTE_WORK = 0.05;
/** So that a batch is not too much work by itself. */
const BATCH = 8;
const LOOPBACK = { address: "127.0.0.1" };
const ROUTE_GROUPS = [7];
/** RTN_BLACKHOLE */
const BLACKHOLE = 6;

async function ip(command: string, stdin = ""): Promise<void> {
  const child = new Deno.Command("ip", {
    args: command.split(" "),
    stdin: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(stdin));
  await writer.close();
  const { success } = await child.status;
  if (!success) throw new Error(`ip ${command}`);
}

/** A socket with a full queue, and the one that filled it. */
async function floodedSocket() {
  const socket = UdpSocket.bind({ ...LOOPBACK, receiveBuffer: 8 << 20 });
  const client = UdpSocket.bind(LOOPBACK);
  for (let sent = 0; sent < QUEUED; sent += 100) {
    await client.sendMany(
      Array.from({ length: 100 }, () => ({ data: "x", to: socket.address })),
    );
  }
  return { socket, client };
}

/** A device that the kernel has sent as many packets. */
async function floodedTun(): Promise<Tun> {
  const tun = Tun.open();
  await ip(`link set ${tun.name} txqueuelen ${2 * QUEUED} up`);
  await ip(`address add 10.9.0.1/24 dev ${tun.name}`);
  await using client = UdpSocket.bind({
    address: "10.9.0.1",
    sendBuffer: 8 << 20,
  });
  const to = { address: "10.9.0.2", port: 9 };
  for (let sent = 0; sent < QUEUED; sent += 100) {
    await client.sendMany(
      Array.from({ length: 100 }, () => ({ data: "x", to })),
    );
  }
  return tun;
}

async function addRoutes(): Promise<void> {
  const lines = Array.from(
    { length: ROUTES },
    (_, n) =>
      `route add blackhole 10.${100 + (n >> 14)}.${(n >> 6) & 255}.${
        (n & 63) << 2
      }/30`,
  );
  await ip("-batch -", lines.join("\n") + "\n");
}

/** Prepares, and gives what is measured, which gives how many it handled. */
const WAYS: Record<string, () => Promise<() => Promise<number>>> = {
  async "for await"() {
    const { socket } = await floodedSocket();
    return async () => {
      let handled = 0;
      for await (const _ of socket) {
        compute(WORK);
        if (++handled === QUEUED) break;
      }
      return handled;
    };
  },
  async "for await with replies"() {
    const { socket } = await floodedSocket();
    return async () => {
      let handled = 0;
      for await (const datagram of socket) {
        compute(WORK);
        await socket.reply(datagram, "reply");
        if (++handled === QUEUED) break;
      }
      return handled;
    };
  },
  async "receive"() {
    const { socket } = await floodedSocket();
    return async () => {
      let handled = 0;
      while (handled < QUEUED) {
        await socket.receive();
        compute(WORK);
        handled++;
      }
      return handled;
    };
  },
  async "receiveMany and SendBatch"() {
    const { socket } = await floodedSocket();
    const received = new ReceiveBatch({ size: BATCH });
    const replies = new SendBatch(BATCH, 0);
    return async () => {
      let handled = 0;
      while (handled < QUEUED) {
        const count = await socket.receiveMany(received);
        for (let slot = 0; slot < count; slot++) {
          replies.reply(received, slot);
          compute(WORK);
        }
        await socket.sendMany(replies);
        handled += count;
      }
      return handled;
    };
  },
  async "two sockets"() {
    const [one, two] = [await floodedSocket(), await floodedSocket()];
    return async () => {
      let handled = 0;
      await Promise.all([one, two].map(async ({ socket }) => {
        let own = 0;
        for await (const _ of socket) {
          compute(WORK);
          handled++;
          if (++own === QUEUED) break;
        }
      }));
      return handled / 2;
    };
  },
  // deno-lint-ignore require-await -- as the others
  async "send"() {
    const socket = UdpSocket.bind(LOOPBACK);
    return async () => {
      for (let sent = 0; sent < QUEUED; sent++) {
        await socket.send("x", socket.address);
        compute(WORK);
      }
      return QUEUED;
    };
  },
  // deno-lint-ignore require-await -- as the others
  async "sendMany"() {
    const socket = UdpSocket.bind(LOOPBACK);
    function* messages() {
      for (let sent = 0; sent < QUEUED; sent++) {
        compute(WORK);
        yield { data: "x", to: socket.address };
      }
    }
    return async () => {
      const { sent } = await socket.sendMany(messages());
      return sent;
    };
  },
  async "tun for await"() {
    const tun = await floodedTun();
    return async () => {
      let handled = 0;
      for await (const _ of tun) {
        compute(WORK);
        if (++handled === QUEUED) break;
      }
      return handled;
    };
  },
  async "tun batches"() {
    const tun = await floodedTun();
    const batch = new PacketBatch(BATCH);
    return async () => {
      let handled = 0;
      for await (const { count } of tun.batches({ batch })) {
        compute(WORK * count);
        handled += count;
        if (handled >= QUEUED) break;
      }
      return Math.min(handled, QUEUED);
    };
  },
  async "tun stream"() {
    const tun = await floodedTun();
    return async () => {
      let handled = 0;
      for await (const _ of tun.readable) {
        compute(WORK);
        if (++handled === QUEUED) break;
      }
      return handled;
    };
  },
  async "tun write"() {
    const tun = Tun.open();
    await ip(`address add 10.9.0.1/24 dev ${tun.name}`);
    tun.up();
    const packet = new Uint8Array(40);
    packet[0] = 0x45;
    return async () => {
      for (let written = 0; written < QUEUED; written++) {
        compute(WORK);
        await tun.write(packet);
      }
      return QUEUED;
    };
  },
  async "subscription"() {
    const subscription = NetlinkSubscription.open({
      protocol: 0,
      groups: ROUTE_GROUPS,
      receiveBuffer: 64 << 20,
    });
    await addRoutes();
    return async () => {
      let handled = 0;
      while (handled < ROUTES) {
        await subscription.readable();
        subscription.drain(() => {
          compute(ROUTE_WORK);
          handled++;
        }, 1);
      }
      return handled;
    };
  },
  async "monitor"() {
    const monitor = await Monitor.open({ receiveBuffer: 64 << 20 });
    await addRoutes();
    return async () => {
      let handled = 0;
      for await (const event of monitor) {
        if (!("object" in event) || event.object !== "route") continue;
        compute(ROUTE_WORK);
        if (++handled === ROUTES) break;
      }
      return handled;
    };
  },
  async "monitor without work"() {
    const monitor = await Monitor.open({ receiveBuffer: 64 << 20 });
    await addRoutes();
    return async () => {
      let handled = 0;
      while (handled < ROUTES) {
        for (const event of await monitor.receive()) {
          if ("object" in event && event.object === "route") handled++;
        }
      }
      return handled;
    };
  },
  async "monitor snapshot"() {
    await addRoutes();
    return async () => {
      await using monitor = await Monitor.open();
      return monitor.all("route").filter((route) => route.type === BLACKHOLE)
        .length;
    };
  },
};

const body = await WAYS[way]();
// What the preparation left to do is not the loop's.
await new Promise((resolve) => setTimeout(resolve, 50));
const start = performance.now();
const gaps = new TimerGaps();
const handled = await body();
const longest = gaps.end();
const took = performance.now() - start;
console.log(JSON.stringify({ longest, handled, took } satisfies Flooded));
Deno.exit();
