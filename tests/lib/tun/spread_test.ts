// Devices with several queues: flows stay on the queue they are on, and queues
// are closed, detached and attached again while the others go on.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { PacketBatch } from "../../../lib/tun/batch.ts";
import type { Tun } from "../../../lib/tun/device.ts";
import type { UdpSocket } from "../../../lib/udp/socket.ts";
import { udpPacket } from "../../support/packets.ts";
import { BEYOND, HERE, TunLab } from "../../support/tun.ts";

const FLOWS = 80;
const QUEUES = 4;
const TIMEOUT = { timeout: 5000 };

/** Sockets of the machine, each the source of one flow. */
class Flows implements AsyncDisposable {
  readonly sockets: UdpSocket[];

  constructor(readonly lab: TunLab, count = FLOWS) {
    this.sockets = Array.from({ length: count }, () => lab.socket());
  }

  async send(): Promise<void> {
    for (const socket of this.sockets) {
      await socket.send("x", { address: BEYOND, port: 9 });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) await socket.close();
  }
}

const portOf = (packet: Uint8Array) => packet[20] << 8 | packet[21];

/** The queue that each flow is read on, by its port. */
async function readFlows(
  tun: Tun,
  count: number,
): Promise<Map<number, number>> {
  const on = new Map<number, number>();
  const batch = new PacketBatch();
  while (on.size < count) {
    await tun.waitReadable(TIMEOUT);
    for (const [index, queue] of tun.queues.entries()) {
      if (queue.closed) continue;
      while (queue.tryReadMany(batch) > 0) {
        for (let i = 0; i < batch.count; i++) {
          on.set(portOf(batch.packet(i)), index);
        }
      }
    }
  }
  return on;
}

/** How many flows each queue has. */
function spread(flows: ReadonlyMap<number, number>): number[] {
  const counts = new Array<number>(QUEUES).fill(0);
  for (const queue of flows.values()) counts[queue]++;
  return counts;
}

const answer = (port: number) =>
  udpPacket({ address: BEYOND, port: 9 }, { address: HERE, port }, "y");

Deno.test("tun: writing a batch back keeps each flow on its queue", async () => {
  await using lab = await TunLab.open({ queues: QUEUES });
  await using flows = new Flows(lab);
  await flows.send();
  const batch = new PacketBatch();
  const before = new Map<number, number>();
  while (before.size < FLOWS) {
    const counted = lab.tun.queues.map(({ counters }) => counters.packetsRead);
    await lab.tun.readMany(batch, TIMEOUT);
    const queue = lab.tun.queues.findIndex(({ counters }, index) =>
      counters.packetsRead !== counted[index]
    );
    for (let i = 0; i < batch.count; i++) {
      const packet = batch.packet(i);
      const port = portOf(packet);
      before.set(port, queue);
      packet.set(answer(port));
    }
    await lab.tun.writeMany(batch);
  }
  assert(spread(before).every((count) => count > 0), `${spread(before)}`);
  await flows.send();
  assertEquals(await readFlows(lab.tun, FLOWS), before);
});

Deno.test("tun: packets written one by one are spread over the queues by flow", async () => {
  await using lab = await TunLab.open({ queues: QUEUES });
  await using flows = new Flows(lab);
  for (const { address: { port } } of flows.sockets) {
    await lab.tun.write(answer(port));
  }
  await flows.send();
  const counts = spread(await readFlows(lab.tun, FLOWS));
  assert(counts.every((count) => count >= FLOWS / QUEUES / 3), `${counts}`);
});

for (const closed of [0, 1]) {
  Deno.test(`tun: closing queue ${closed} leaves the device and its iteration open`, async () => {
    await using lab = await TunLab.open({ queues: 2 });
    const { tun } = lab;
    const seen: number[] = [];
    const iteration = (async () => {
      for await (const packet of tun) {
        seen.push(portOf(packet));
        if (seen.length === 20) return "enough";
      }
      return "ended";
    })();
    await tun.queues[closed].close();
    const [{ linkinfo }] = await lab.host.json<
      { linkinfo: { info_data: { numqueues: number } } }
    >(`-d link show ${tun.name}`);
    assertEquals(linkinfo.info_data.numqueues, 1);
    tun.down();
    assertEquals(tun.state().up, false);
    tun.up();
    await using flows = new Flows(lab, 20);
    await flows.send();
    assertEquals(await iteration, "enough");
    const [socket] = flows.sockets;
    await tun.write(answer(socket.address.port));
    await socket.receive(TIMEOUT);
    const batch = new PacketBatch();
    batch.push(answer(socket.address.port));
    await tun.writeMany(batch);
    await socket.receive(TIMEOUT);
    const ended = assertRejects(() => tun.read(), Error, "is closed");
    await tun.close();
    await ended;
    assertEquals(tun.closed, true);
  });
}

async function queueNumbers(lab: TunLab): Promise<[number, number]> {
  const [{ linkinfo: { info_data } }] = await lab.host.json<
    { linkinfo: { info_data: { numqueues: number; numdisabled: number } } }
  >(`-d link show ${lab.tun.name}`);
  return [info_data.numqueues, info_data.numdisabled];
}

Deno.test("tun: a queue is detached and attached again", async () => {
  await using lab = await TunLab.open({ queues: QUEUES });
  const { tun } = lab;
  await using flows = new Flows(lab);
  assertEquals(await queueNumbers(lab), [4, 0]);
  tun.queues[1].detach();
  tun.queues[1].detach();
  assertEquals(tun.queues[1].detached, true);
  assertEquals(await queueNumbers(lab), [3, 1]);
  await flows.send();
  const without = spread(await readFlows(tun, FLOWS));
  assertEquals(without[1], 0);
  assertEquals(without.filter((count) => count > 0).length, 3);
  // Writes go to the queues that are attached.
  for (const { address: { port } } of flows.sockets) {
    await tun.write(answer(port));
  }
  for (const socket of flows.sockets) await socket.receive(TIMEOUT);
  assertEquals(tun.queues[1].counters.packetsWritten, 0);

  // A read that waits goes on once the queue is attached.
  const pending = tun.queues[1].read(TIMEOUT);
  tun.queues[1].reattach();
  assertEquals(await queueNumbers(lab), [4, 0]);
  const packet = answer(flows.sockets[0].address.port);
  await tun.queues[1].write(packet);
  await flows.sockets[0].receive(TIMEOUT);
  await flows.sockets[0].send("x", { address: BEYOND, port: 9 });
  assertEquals(portOf(await pending), flows.sockets[0].address.port);
});

Deno.test("tun: only a queue of a device with several detaches", async () => {
  await using lab = await TunLab.open();
  const error = await assertRejects(
    // deno-lint-ignore require-await -- what it throws
    async () => lab.tun.queues[0].detach(),
    Error,
    "multiQueue",
  );
  assert(error instanceof Error);
  assertEquals(lab.tun.queues[0].detached, false);
});
