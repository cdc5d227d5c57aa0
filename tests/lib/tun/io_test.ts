// Packets in and out of a device, in every form there is.

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
} from "@std/assert";
import { ArgumentError, TimeoutError } from "../../../lib/errors.ts";
import { PacketBatch } from "../../../lib/tun/batch.ts";
import { PacketRejectedError } from "../../../lib/tun/errors.ts";
import type { TunOptions } from "../../../lib/tun/options.ts";
import { udpPacket } from "../../support/packets.ts";
import { BEYOND, HERE, TunLab, udpPayload } from "../../support/tun.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const answer = (port: number, payload: string) =>
  udpPacket({ address: BEYOND, port: 9 }, { address: HERE, port }, payload);

Deno.test("tun: read gives one packet as the kernel sent it", async () => {
  await using lab = await TunLab.open();
  const pending = lab.tun.read();
  await using socket = lab.socket();
  await socket.send("hello", { address: BEYOND, port: 4242 });
  const packet = await pending;
  const expected = udpPacket(
    socket.address,
    { address: BEYOND, port: 4242 },
    "hello",
  );
  assertEquals(packet.length, 33);
  // Addresses, ports and payload; identification and checksums are the kernel's.
  assertEquals(packet.subarray(12, 26), expected.subarray(12, 26));
  assertEquals(udpPayload(packet), "hello");
});

Deno.test("tun: readMany gives all packets that are there, in order", async () => {
  await using lab = await TunLab.open();
  const payloads = Array.from({ length: 100 }, (_, i) => `packet ${i}`);
  await lab.send(...payloads);
  const batch = new PacketBatch();
  assertEquals(await lab.tun.readMany(batch), 64);
  const got = [];
  for (let i = 0; i < batch.count; i++) got.push(udpPayload(batch.packet(i)));
  assertEquals(await lab.tun.readMany(batch), 36);
  for (let i = 0; i < batch.count; i++) got.push(udpPayload(batch.packet(i)));
  assertEquals(got, payloads);
  assertEquals(lab.tun.tryReadMany(batch), 0);
  assertEquals(lab.tun.counters.packetsRead, 100);
});

Deno.test("tun: reads at once do not mix their packets", async () => {
  await using lab = await TunLab.open();
  const reads = [lab.tun.read(), lab.tun.read(), lab.tun.read()];
  await lab.send("a", "bb", "ccc");
  const packets = (await Promise.all(reads)).map(udpPayload);
  assertEquals(packets.sort(), ["a", "bb", "ccc"]);
});

Deno.test("tun: iteration gives packets of their own", async () => {
  await using lab = await TunLab.open();
  await lab.send("one", "two");
  const packets: Uint8Array[] = [];
  for await (const packet of lab.tun) {
    packets.push(packet);
    if (packets.length === 2) break;
  }
  assertEquals(packets.map(udpPayload), ["one", "two"]);
});

Deno.test("tun: breaking out of an iteration loses no packet", async () => {
  await using lab = await TunLab.open();
  await lab.send("one", "two");
  for await (const packet of lab.tun) {
    assertEquals(udpPayload(packet), "one");
    break;
  }
  assertEquals(udpPayload(await lab.tun.read()), "two");
});

Deno.test("tun: batches come one after the other and end with close", async () => {
  await using lab = await TunLab.open();
  await lab.send("one", "two");
  const seen: string[] = [];
  for await (const batch of lab.tun.batches()) {
    for (let i = 0; i < batch.count; i++) {
      seen.push(udpPayload(batch.packet(i)));
    }
    if (seen.length === 2) await lab.tun.close();
  }
  assertEquals(seen, ["one", "two"]);
});

Deno.test("tun: write hands the packet to the kernel", async () => {
  await using lab = await TunLab.open();
  await using socket = lab.socket();
  await lab.tun.write(answer(socket.address.port, "from beyond"));
  const { data, peer } = await socket.receive({ timeout: 5000 });
  assertEquals(text(data), "from beyond");
  assertEquals(peer, { address: BEYOND, port: 9 });
});

Deno.test("tun: writeMany hands over a batch, and leaves out what was resized to 0", async () => {
  await using lab = await TunLab.open();
  await using socket = lab.socket();
  const batch = new PacketBatch();
  for (const payload of ["a", "b", "c"]) {
    batch.push(answer(socket.address.port, payload));
  }
  batch.resize(1, 0);
  await lab.tun.writeMany(batch);
  assertEquals(text((await socket.receive({ timeout: 5000 })).data), "a");
  assertEquals(text((await socket.receive({ timeout: 5000 })).data), "c");
  const { packetsWritten, bytesWritten } = lab.tun.counters;
  assertEquals([packetsWritten, bytesWritten], [2, 58]);
});

Deno.test("tun: a batch that was read is written to another device as it is", async () => {
  await using left = await TunLab.open();
  await using right = await TunLab.open();
  await using socket = right.socket(9);
  // Right's own address, so that its kernel takes what left sends there.
  await right.host.ip(`address replace ${BEYOND}/24 dev ${right.tun.name}`);
  await right.host.sysctl("net.ipv4.conf.all.rp_filter", 0);
  await left.send("over", "there");
  const batch = new PacketBatch();
  await left.tun.readMany(batch);
  await right.tun.writeMany(batch);
  assertEquals(right.tun.counters.packetsWritten, 2);
  const rx = await right.host.json<{ stats64: { rx: { packets: number } } }>(
    `-s link show ${right.tun.name}`,
  );
  assertEquals(rx[0].stats64.rx.packets, 2);
  assert(socket.address.port === 9);
});

Deno.test("tun: the streams carry packets both ways", async () => {
  await using lab = await TunLab.open();
  await using socket = lab.socket();
  await socket.send("question", { address: BEYOND, port: 9 });
  const { port } = socket.address;
  // An echo of streams alone: what comes out goes back with ends exchanged.
  const done = new AbortController();
  const echo = lab.tun.readable.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(packet, controller) {
        controller.enqueue(answer(port, udpPayload(packet)));
      },
    }),
  ).pipeTo(lab.tun.writable, { signal: done.signal });
  assertEquals(
    text((await socket.receive({ timeout: 5000 })).data),
    "question",
  );
  await lab.tun.close();
  await echo;
});

Deno.test("tun: cancelling the stream leaves the device open", async () => {
  await using lab = await TunLab.open();
  const reader = lab.tun.readable.getReader();
  const pending = reader.read();
  await reader.cancel();
  assertEquals((await pending).done, true);
  await lab.send("still here");
  assertEquals(udpPayload(await lab.tun.read()), "still here");
});

Deno.test("tun: a read is ended by its signal and by its timeout, and loses nothing", async () => {
  await using lab = await TunLab.open();
  const reason = new Error("enough");
  const controller = new AbortController();
  const pending = lab.tun.read({ signal: controller.signal });
  controller.abort(reason);
  assertEquals(await assertRejects(() => pending), reason);
  await assertRejects(() => lab.tun.read({ timeout: 10 }), TimeoutError);
  await lab.send("kept");
  const aborted = lab.tun.read({ signal: controller.signal });
  assertEquals(await assertRejects(() => aborted), reason);
  assertEquals(udpPayload(await lab.tun.read()), "kept");
});

Deno.test("tun: a rejected packet is an error with its length and index", async () => {
  await using lab = await TunLab.open();
  // Version 9: without packet information the kernel accepts only 4 and 6.
  const bad = new Uint8Array(40).fill(0x99);
  const error = await assertRejects(
    () => lab.tun.write(bad),
    PacketRejectedError,
    "write a packet of 40 bytes",
  );
  assertEquals([error.code, error.bytes, error.index], ["EINVAL", 40, 0]);

  await using socket = lab.socket();
  const batch = new PacketBatch();
  batch.push(answer(socket.address.port, "first"));
  batch.push(bad);
  batch.push(answer(socket.address.port, "last"));
  const first = await assertRejects(() => lab.tun.writeMany(batch));
  assertInstanceOf(first, PacketRejectedError);
  assertEquals(first.index, 1);
  assertEquals(text((await socket.receive({ timeout: 5000 })).data), "first");

  const rejected: number[] = [];
  await lab.tun.writeMany(batch, {
    onRejected: ({ index }) => rejected.push(index),
  });
  assertEquals(rejected, [1]);
  assertEquals(text((await socket.receive({ timeout: 5000 })).data), "first");
  assertEquals(text((await socket.receive({ timeout: 5000 })).data), "last");
  assertEquals(lab.tun.counters.packetsRejected, 3);
});

Deno.test("tun: what can be no packet is refused before the kernel sees it", async () => {
  await using lab = await TunLab.open();
  await assertRejects(() => lab.tun.write(new Uint8Array()), ArgumentError);
  await assertRejects(
    () => lab.tun.write(new Uint8Array(70_000)),
    ArgumentError,
    "70000 bytes",
  );
});

Deno.test("tun: the longest packet the largest MTU allows is read whole", async () => {
  const ways: TunOptions[] = [
    {},
    { offload: true },
    { packetInformation: true, offload: true },
  ];
  for (const options of ways) {
    await using lab = await TunLab.open(options);
    lab.tun.setMtu(65_535);
    await lab.send("x".repeat(65_507));
    assertEquals((await lab.tun.read()).length, 65_535);
  }
});

Deno.test("tun: with packet information the protocol is named both ways", async () => {
  await using lab = await TunLab.open({ packetInformation: true });
  await using socket = lab.socket();
  await socket.send("question", { address: BEYOND, port: 9 });
  const batch = new PacketBatch(2);
  await lab.tun.readMany(batch);
  assertEquals(batch.protocol(0), 0x0800);
  assertEquals(udpPayload(batch.packet(0)), "question");
  await lab.tun.write(answer(socket.address.port, "answer"));
  assertEquals(text((await socket.receive({ timeout: 5000 })).data), "answer");
  // A protocol other than IP has to be named.
  const other = new Uint8Array(40).fill(0x99);
  await assertRejects(() => lab.tun.write(other), PacketRejectedError);
  batch.clear();
  batch.push(other, 0x8847);
  await lab.tun.writeMany(batch);
  assertEquals(lab.tun.counters.packetsWritten, 2);
});

Deno.test("tap: whole Ethernet frames come and go", async () => {
  await using lab = await TunLab.open({ mode: "tap" });
  assertEquals(lab.tun.name, "tap0");
  await lab.send("who has it?");
  const request = await lab.tun.read();
  // An ARP request to everybody, for the address the datagram is meant for.
  assertEquals(request.subarray(0, 6), new Uint8Array(6).fill(0xff));
  assertEquals([request[12], request[13]], [0x08, 0x06]);
  const mac = new Uint8Array([2, 0, 0, 0, 0, 9]);
  const reply = new Uint8Array(42);
  reply.set(request.subarray(6, 12), 0);
  reply.set(mac, 6);
  reply.set(request.subarray(12, 20), 12);
  reply[21] = 2;
  reply.set(mac, 22);
  reply.set(request.subarray(38, 42), 28);
  reply.set(request.subarray(22, 32), 32);
  await lab.tun.write(reply);
  const frame = await lab.tun.read({ timeout: 5000 });
  assertEquals(frame.subarray(0, 6), mac);
  assertEquals(udpPayload(frame.subarray(14)), "who has it?");
  await assertRejects(
    () => lab.tun.write(new Uint8Array(13)),
    PacketRejectedError,
  );
});

Deno.test("tun: a device that always has packets leaves others their turn", async () => {
  await using lab = await TunLab.open();
  // What is written comes straight back: the kernel forwards it to the device.
  await lab.host.sysctl("net.ipv4.ip_forward", 1);
  await lab.host.sysctl("net.ipv4.conf.all.rp_filter", 0);
  await lab.host.sysctl(`net.ipv4.conf.${lab.tun.name}.rp_filter`, 0);
  await lab.host.sysctl("net.ipv4.conf.all.send_redirects", 0);
  await lab.host.sysctl(`net.ipv4.conf.${lab.tun.name}.send_redirects`, 0);
  const circling = udpPacket({ address: "10.9.0.7", port: 1 }, {
    address: "10.9.0.8",
    port: 2,
  }, "round");
  const batch = new PacketBatch();
  const seen = new PacketBatch();
  for (let i = 0; i < 8; i++) batch.push(circling);
  const round = async () => {
    await lab.tun.writeMany(batch);
    await lab.tun.readMany(seen);
  };
  // The first round always waits, and a wait lets other code run.
  await round();
  let fired = false;
  setTimeout(() => fired = true, 0);
  for (let rounds = 0; !fired && rounds < 100_000; rounds++) await round();
  assert(fired, "a timer never got its turn");
});
