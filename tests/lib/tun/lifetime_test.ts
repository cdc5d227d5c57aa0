// What becomes of readers and writers when the device, its link or its
// namespace changes under them; nothing hangs and no descriptor stays.

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { ClosedError } from "../../../lib/errors.ts";
import { DeviceGoneError, LinkDownError } from "../../../lib/tun/errors.ts";
import type { Tun } from "../../../lib/tun/device.ts";
import { PacketBatch } from "../../../lib/tun/batch.ts";
import { ownedDescriptors } from "../../support/descriptors.ts";
import { inNamespace } from "../../../lib/netns/namespace.ts";
import { UdpSocket } from "../../../lib/udp/socket.ts";
import { Lab } from "../../support/netns.ts";
import { udpPacket } from "../../support/packets.ts";
import { SLOWNESS } from "../../support/timing.ts";
import { BEYOND, HERE, TunLab, udpPayload } from "../../support/tun.ts";

/** Far more than anything here takes, far less than for ever. */
const AT_ONCE = 2000 * SLOWNESS;

/** A test that ends with the descriptors it began with. */
function test(name: string, body: () => Promise<void>): void {
  Deno.test(name, async () => {
    const before = ownedDescriptors();
    await body();
    assertEquals(ownedDescriptors(), before);
  });
}

async function soon<T>(promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("it hangs")), AT_ONCE);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Every way of waiting for packets, started at once. */
function waitEveryWay(tun: Tun) {
  const iterate = async (packets: AsyncIterable<unknown>) => {
    for await (const _ of packets) throw new Error("no packet was sent");
    return "ended";
  };
  return {
    read: tun.read(),
    readMany: tun.readMany(new PacketBatch(2)),
    iteration: iterate(tun),
    batches: iterate(tun.batches()),
    stream: iterate(tun.readable),
  };
}

test("tun: close ends everything that waits, at once", async () => {
  await using lab = await TunLab.open();
  const waiting = waitEveryWay(lab.tun);
  const outcomes = Promise.allSettled(Object.values(waiting));
  const { name } = lab.tun;
  await soon(lab.tun.close());
  const [read, readMany, ...ends] = await soon(outcomes);
  for (const outcome of [read, readMany]) {
    assert(outcome.status === "rejected");
    assertInstanceOf(outcome.reason, ClosedError);
  }
  for (const outcome of ends) {
    assertEquals(outcome, { status: "fulfilled", value: "ended" });
  }
  const links = await lab.host.json<{ ifname: string }>("link show");
  assertEquals(links.filter(({ ifname }) => ifname === name), []);
});

test("tun: closing twice is closing once, and nothing works afterwards", async () => {
  await using lab = await TunLab.open();
  const { tun } = lab;
  await Promise.all([tun.close(), tun.close()]);
  await tun.close();
  await assertRejects(() => tun.read(), ClosedError);
  await assertRejects(() => tun.write(new Uint8Array(20)), ClosedError);
  assertThrows(() => tun.state(), ClosedError);
  assertThrows(() => tun.up(), ClosedError);
  assertEquals(tun.name, "tun0");
  for await (const _ of tun) throw new Error("a packet after close");
});

test("tun: deleting the device ends everything that waits, and says so", async () => {
  await using lab = await TunLab.open();
  const waiting = waitEveryWay(lab.tun);
  const outcomes = Promise.allSettled(Object.values(waiting));
  await lab.host.ip(`link delete ${lab.tun.name}`);
  const [read, readMany, ...ends] = await soon(outcomes);
  for (const outcome of [read, readMany]) {
    assert(outcome.status === "rejected");
    assertInstanceOf(outcome.reason, DeviceGoneError);
    assertEquals(outcome.reason.code, "EBADFD");
  }
  for (const outcome of ends) {
    assertEquals(outcome, { status: "fulfilled", value: "ended" });
  }
});

test("tun: a deleted device refuses everything and spins nowhere", async () => {
  await using lab = await TunLab.open();
  const { tun } = lab;
  await lab.host.ip(`link delete ${tun.name}`);
  await assertRejects(() => tun.read(), DeviceGoneError);
  const packet = new Uint8Array(20).fill(0x45);
  await assertRejects(() => tun.write(packet), DeviceGoneError);
  assertThrows(() => tun.state(), DeviceGoneError);
  assertThrows(() => tun.up(), DeviceGoneError);
  assertThrows(() => tun.setMtu(1400), DeviceGoneError);
  assertThrows(() => tun.setCarrier(false), DeviceGoneError);
  assertThrows(() => tun.setPersist(true), DeviceGoneError);
  assertEquals(tun.name, "tun0");
});

test("tun: packets that came before the device was deleted are not made up for", async () => {
  // The kernel drops its queue with the device: the outcome is the typed error.
  await using lab = await TunLab.open();
  await lab.send("too late");
  await lab.host.ip(`link delete ${lab.tun.name}`);
  await assertRejects(() => lab.tun.read(), DeviceGoneError);
});

test("tun: while the link is down reading waits and writing is refused", async () => {
  await using lab = await TunLab.open();
  const { tun } = lab;
  const pending = tun.read();
  tun.down();
  assertEquals(tun.state().up, false);
  assertEquals(tun.tryReadMany(new PacketBatch(1)), 0);
  const packet = udpPacket(
    { address: BEYOND, port: 9 },
    { address: HERE, port: 9 },
    "x",
  );
  const error = await assertRejects(() => tun.write(packet), LinkDownError);
  assertEquals([error.code, error.bytes], ["EIO", packet.length]);
  tun.up();
  await lab.send("back");
  assertEquals(udpPayload(await soon(pending)), "back");
  await tun.write(packet);
});

test("tun: a link taken down and up from outside goes on as before", async () => {
  await using lab = await TunLab.open();
  const pending = lab.tun.read();
  await lab.host.ip(`link set ${lab.tun.name} down`);
  await lab.host.ip(`link set ${lab.tun.name} up`);
  await lab.send("back");
  assertEquals(udpPayload(await soon(pending)), "back");
});

test("tun: closing while the link is down", async () => {
  await using lab = await TunLab.open();
  const pending = lab.tun.read();
  lab.tun.down();
  const outcome = assertRejects(() => pending, ClosedError);
  await soon(lab.tun.close());
  await soon(outcome);
});

test("tun: a device moved to another namespace stays the same device", async () => {
  await using there = await Lab.open("there");
  await there.there.sysctl("net.ipv6.conf.default.disable_ipv6", 1);
  await using lab = await TunLab.open();
  const { tun } = lab;
  const pending = tun.read();
  assertEquals(tun.state().moved, false);
  await lab.host.ip(`link set ${tun.name} netns ${there.there.name}`);

  // The move takes it down and its addresses away; the reader still waits.
  const state = tun.state();
  assertEquals([state.moved, state.up], [true, false]);
  const [shown] = await there.there.json<{ ifindex: number }>(
    `link show ${tun.name}`,
  );
  assertEquals(state.index, shown.ifindex);

  await there.there.ip(`address add ${HERE}/24 dev ${tun.name}`);
  tun.setMtu(1300);
  tun.up();
  const [moved] = await there.there.json<{ mtu: number; flags: string[] }>(
    `link show ${tun.name}`,
  );
  assertEquals(moved.mtu, 1300);
  assert(moved.flags.includes("UP"));
  await using socket = inNamespace(
    there.there.name,
    () => UdpSocket.bind({ address: HERE }),
  );
  await socket.send("from there", { address: BEYOND, port: 9 });
  assertEquals(udpPayload(await soon(pending)), "from there");
});

test("tun: closing a device that was moved removes it there", async () => {
  await using there = await Lab.open("there");
  await using lab = await TunLab.open();
  const pending = lab.tun.read();
  await lab.host.ip(`link set ${lab.tun.name} netns ${there.there.name}`);
  const outcome = assertRejects(() => pending, ClosedError);
  await soon(lab.tun.close());
  await soon(outcome);
  const links = await there.there.json<{ ifname: string }>("link show");
  assertEquals(links.map(({ ifname }) => ifname), ["lo"]);
});

test("tun: a namespace lives, without its name, until the device is closed", async () => {
  await using lab = await TunLab.open();
  const { tun } = lab;
  const pending = tun.read();
  await lab.lab[Symbol.asyncDispose]();
  assertEquals([tun.state().up, tun.state().moved], [true, false]);
  const outcome = assertRejects(() => pending, ClosedError);
  await soon(tun.close());
  await soon(outcome);
});

test("tun: a renamed device goes on under its new name", async () => {
  await using lab = await TunLab.open();
  const { tun } = lab;
  const pending = tun.read();
  await lab.host.ip(`link set ${tun.name} down`);
  await lab.host.ip(`link set ${tun.name} name other0`);
  assertEquals(tun.name, "other0");
  tun.up();
  assertEquals(tun.state().name, "other0");
  await lab.send("renamed");
  assertEquals(udpPayload(await soon(pending)), "renamed");
});

/** The kernel acts on a carrier that changed when its link watch has run. */
async function running({ tun, host }: TunLab, wanted: boolean): Promise<void> {
  const until = performance.now() + 10_000;
  while (tun.state().running !== wanted) {
    assert(performance.now() < until, `running is never ${wanted}`);
    await host.json("link show");
  }
}

test("tun: without a carrier nothing comes and writing works", async () => {
  await using lab = await TunLab.open();
  const { tun } = lab;
  await running(lab, true);
  const pending = tun.read();
  tun.setCarrier(false);
  await running(lab, false);
  const [link] = await lab.host.json<{ flags: string[] }>(
    `link show ${tun.name}`,
  );
  assert(link.flags.includes("NO-CARRIER"));
  await lab.send("lost");
  await using socket = lab.socket();
  await tun.write(
    udpPacket({ address: BEYOND, port: 9 }, socket.address, "without"),
  );
  const { data } = await socket.receive({ timeout: 5000 });
  assertEquals(new TextDecoder().decode(data), "without");
  tun.setCarrier(true);
  await running(lab, true);
  await lab.send("again");
  assertEquals(udpPayload(await soon(pending)), "again");
});

test("tun: a device can begin without a carrier", async () => {
  await using lab = await TunLab.open({ carrier: false });
  // Kernels that take it away after the device is made do so a moment later.
  await running(lab, false);
  const [link] = await lab.host.json<{ flags: string[] }>(
    `link show ${lab.tun.name}`,
  );
  assert(link.flags.includes("NO-CARRIER"));
});
