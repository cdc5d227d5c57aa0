// Receiving: one, many, several callers at once, iteration, and what ends it.

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  ArgumentError,
  ClosedError,
  TimeoutError,
} from "../../../lib/errors.ts";
import type { Datagram } from "../../../lib/udp/datagram.ts";
import { ReceiveBatch } from "../../../lib/udp/receive_batch.ts";
import { CLIENT, FOUR, SIX, UdpLab } from "../../support/udp_lab.ts";
import { atOnce, leavesNoDescriptor } from "../../support/timing.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("receive: several callers at once get a datagram each, whole", async () => {
  await using lab = await UdpLab.open();
  const server = lab.bind();
  const client = lab.bind({}, "client");
  const { port } = server.address;
  const queried = [FOUR[1], SIX[1], FOUR[3], SIX[0], FOUR[2]];
  for (let round = 0; round < 20; round++) {
    const receiving = queried.map(() => server.receive({ timeout: 5000 }));
    if (round % 2 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    await client.sendMany(queried.map((address) => ({
      data: `to ${address}`,
      to: { address, port },
    })));
    const datagrams = await Promise.all(receiving);
    const seen = datagrams.map(({ data, local, peer }) => {
      const four = local!.address.includes(".");
      assertEquals(peer.address, four ? CLIENT.four : CLIENT.six);
      assertEquals(text(data), `to ${local!.address}`);
      return local!.address;
    });
    assertEquals(seen.toSorted(), queried.toSorted());
  }
});

Deno.test("receive: many by one call, no more than fit", async () => {
  await using lab = await UdpLab.open();
  const server = lab.bind();
  await lab.pour("-n", "10", FOUR[0], String(server.address.port), "20");
  const batch = new ReceiveBatch({ size: 4 });
  const taken: string[] = [];
  const take = (count: number) => {
    assertEquals(count, batch.count);
    for (let slot = 0; slot < count; slot++) {
      taken.push(text(batch.data(slot)).split(" ")[0]);
      assertEquals(batch.peerPort(slot), batch.describe(slot).peer.port);
      assertEquals(batch.isIPv4(slot), true);
    }
    return count;
  };
  assertEquals(take(await server.receiveMany(batch)), 4);
  assertEquals(take(server.tryReceiveMany(batch, 1)), 1);
  assertEquals(take(server.tryReceiveMany(batch, 4)), 4);
  assertEquals(take(server.tryReceiveMany(batch)), 1);
  assertEquals(server.tryReceiveMany(batch), 0);
  assertEquals(batch.count, 0);
  assertEquals(taken, [..."0123456789"]);
  for (const limit of [0, -1, 5, 1.5, NaN]) {
    assertThrows(() => server.tryReceiveMany(batch, limit), ArgumentError);
  }
});

Deno.test("receive: what a batch gives out stays when it is copied", async () => {
  await using lab = await UdpLab.open();
  const server = lab.bind();
  const port = String(server.address.port);
  const batch = new ReceiveBatch({ size: 1 });
  const copies = [];
  for (const queried of [FOUR[1], SIX[1]]) {
    await lab.ask("-w", "1", queried, port, queried);
    await server.receiveMany(batch);
    copies.push(batch.datagram(0));
  }
  for (const { data, local } of copies) {
    assertEquals(text(data), local!.address);
  }
});

Deno.test("receive: an empty datagram is one", async () => {
  await using lab = await UdpLab.open();
  const server = lab.bind();
  await lab.ask("-w", "1", FOUR[0], String(server.address.port), "");
  const { data, peer } = await server.receive({ timeout: 5000 });
  assertEquals([data.length, peer.address], [0, CLIENT.four]);
});

Deno.test("receive: iteration gives each in turn and ends with the socket", async () => {
  await leavesNoDescriptor(async () => {
    await using lab = await UdpLab.open();
    const server = lab.bind();
    await lab.pour("-n", "100", FOUR[0], String(server.address.port), "20");
    let count = 0;
    for await (const { data } of server) {
      assertEquals(text(data).split(" ")[0], String(count));
      // The hundredth is the last: the next wait ends by closing.
      if (++count === 100) setTimeout(() => server.close(), 0);
    }
    assertEquals([count, server.closed], [100, true]);
    for await (const _ of server) throw new Error("it is closed");
  });
});

Deno.test("receive: datagrams that a loop received and did not return go to the next receive", async () => {
  await using lab = await UdpLab.open();
  const server = lab.bind({ receiveTtl: true });
  const { port } = server.address;
  const client = lab.bind({}, "client");
  const queried = Array.from({ length: 12 }, (_, index) => `${index}`);
  await client.sendMany(queried.map((data, index) => ({
    data,
    to: { address: index % 2 === 0 ? FOUR[1] : SIX[1], port },
  })));
  const whole = new ReceiveBatch({ size: 3 });
  const taken: string[] = [];
  const take = ({ data, local, peer, ttl, truncated }: Datagram) => {
    const index = taken.push(text(data)) - 1;
    const [here, there] = index % 2 === 0
      ? [FOUR[1], CLIENT.four]
      : [SIX[1], CLIENT.six];
    assertEquals([local?.address, peer.address, ttl, truncated], [
      here,
      there,
      64,
      false,
    ]);
  };
  for await (const datagram of server) {
    take(datagram);
    if (taken.length === 2) break;
  }
  take(await server.receive({ timeout: 5000 }));
  await server.receiveMany(whole, { timeout: 5000 });
  for (let slot = 0; slot < whole.count; slot++) take(whole.datagram(slot));
  for await (const datagram of server) {
    take(datagram);
    if (taken.length === 8) break;
  }
  const small = new ReceiveBatch({ size: 1, bufferSize: 1 });
  await client.send("more", { address: FOUR[1], port });
  assertEquals(server.tryReceiveMany(small), 1);
  assertEquals([text(small.data(0)), small.truncated(0)], ["8", false]);
  taken.push("8");
  for (let index = 9; index < 12; index++) {
    take(await server.receive({ timeout: 5000 }));
  }
  assertEquals(taken, queried);
  assertEquals(text((await server.receive({ timeout: 5000 })).data), "more");
});

Deno.test("receive: time, a signal and closing end it, each in its own way", async () => {
  await leavesNoDescriptor(async () => {
    await using lab = await UdpLab.open();
    const server = lab.bind();
    const batch = new ReceiveBatch();
    const kinds = [
      (options: { timeout?: number; signal?: AbortSignal }) =>
        server.receive(options),
      (options: { timeout?: number; signal?: AbortSignal }) =>
        server.receiveMany(batch, options),
      (options: { timeout?: number; signal?: AbortSignal }) =>
        server.datagrams(options).next(),
    ];
    for (const receive of kinds) {
      const late = await assertRejects(
        () => receive({ timeout: 5 }),
        TimeoutError,
      );
      assertEquals(late.milliseconds, 5);
      for (const timeout of [NaN, -1]) {
        await assertRejects(() => receive({ timeout }), ArgumentError);
      }
      const aborted = receive({ signal: AbortSignal.abort("before") });
      assertEquals(await aborted.catch((reason) => reason), "before");
      const controller = new AbortController();
      const given = receive({ signal: controller.signal });
      controller.abort("given up");
      assertEquals(await given.catch((reason) => reason), "given up");
    }
    const receiving = [server.receive(), server.receiveMany(batch)];
    const ended = Promise.all(
      receiving.map((it) => assertRejects(() => it, ClosedError)),
    );
    await atOnce(() => server.close());
    await ended;
    await assertRejects(() => server.receive(), ClosedError);
    assertThrows(() => server.tryReceiveMany(batch), ClosedError);
  });
});
