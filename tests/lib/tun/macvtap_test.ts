// macvtap: /dev/tapN carries frames of a macvtap link by the same class.

import {
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { SystemError } from "../../../ffi/errno.ts";
import { inNamespace } from "../../../lib/netns/namespace.ts";
import { buildUdp } from "../../../lib/packet/build.ts";
import { PacketBatch } from "../../../lib/tun/batch.ts";
import { Tun } from "../../../lib/tun/device.ts";
import { DeviceGoneError } from "../../../lib/tun/errors.ts";
import { UdpSocket } from "../../../lib/udp/socket.ts";
import { ownedDescriptors } from "../../support/descriptors.ts";
import { Lab } from "../../support/netns.ts";

let links = 0;

/** Two namespaces; in one a macvtap link stands on the cable to the other. */
async function cable() {
  const lab = await Lab.open("host", "peer");
  try {
    for (const netns of [lab.host, lab.peer]) {
      await netns.sysctl("net.ipv6.conf.default.disable_ipv6", 1);
    }
    await lab.veth("host", "eth0", "peer", "eth0");
    // Nodes in /dev are named by the ifindex, in any namespace.
    const index = 1_000_000 + (Deno.pid % 100_000) * 10 + links++;
    await lab.host.ip(
      `link add link eth0 name mv0 index ${index} type macvtap mode bridge`,
    );
    await lab.host.ip("link set mv0 up");
    const [{ address }] = await lab.host.json<{ address: string }>(
      "link show mv0",
    );
    const [{ address: peerAddress }] = await lab.peer.json<
      { address: string }
    >("link show eth0");
    await lab.peer.ip("address add 10.7.0.1/24 dev eth0");
    await lab.peer.ip(
      `neighbour add 10.7.0.2 lladdr ${address} dev eth0 nud permanent`,
    );
    return { lab, index, address, peerAddress };
  } catch (error) {
    await lab[Symbol.asyncDispose]();
    throw error;
  }
}

const bytesOf = (mac: string) => Uint8Array.fromHex(mac.replaceAll(":", ""));

for (const offload of [false, true]) {
  Deno.test(`macvtap: frames come and go (offload: ${offload})`, async () => {
    const { lab, address, peerAddress } = await cable();
    await using _lab = lab;
    await using tun = Tun.openMacvtap("mv0", {
      namespace: lab.host.name,
      offload,
    });
    assertEquals([tun.mode, tun.name], ["tap", "mv0"]);
    const { up, persistent, mtu } = tun.state();
    assertEquals([up, persistent, mtu], [true, true, 1500]);
    await using socket = inNamespace(
      lab.peer.name,
      () => UdpSocket.bind({ address: "10.7.0.1" }),
    );
    await socket.send("question", { address: "10.7.0.2", port: 9 });
    const frame = await tun.read({ timeout: 5000 });
    assertEquals(frame.subarray(0, 6), bytesOf(address));
    assertEquals(new TextDecoder().decode(frame.subarray(42)), "question");

    const packet = buildUdp({ source: "10.7.0.2", destination: "10.7.0.1" }, {
      sourcePort: 9,
      destinationPort: socket.address.port,
      payload: new TextEncoder().encode("answer"),
    });
    await tun.write(
      new Uint8Array([
        ...bytesOf(peerAddress),
        ...bytesOf(address),
        ...[8, 0],
        ...packet,
      ]),
    );
    const { data } = await socket.receive({ timeout: 5000 });
    assertEquals(new TextDecoder().decode(data), "answer");
    await tun.close();
    // The link is not the descriptor's.
    assertEquals((await lab.host.json("link show mv0")).length, 1);
  });
}

Deno.test("macvtap: several queues, one of them detached and attached again", async () => {
  const { lab } = await cable();
  await using _lab = lab;
  await using tun = Tun.openMacvtap("mv0", {
    namespace: lab.host.name,
    queues: 2,
  });
  tun.queues[1].detach();
  await using socket = inNamespace(
    lab.peer.name,
    () => UdpSocket.bind({ address: "10.7.0.1" }),
  );
  for (let i = 0; i < 20; i++) {
    await socket.send("x", { address: "10.7.0.2", port: 100 + i });
  }
  const batch = new PacketBatch();
  let count = 0;
  while (count < 20) count += await tun.readMany(batch, { timeout: 5000 });
  assertEquals(tun.queues[1].counters.packetsRead, 0);
  tun.queues[1].reattach();
});

Deno.test("macvtap: deleting the link ends what waits", async () => {
  const { lab } = await cable();
  await using _lab = lab;
  await using tun = Tun.openMacvtap("mv0", { namespace: lab.host.name });
  const pending = tun.read({ timeout: 10_000 });
  const iteration = (async () => {
    for await (const _ of tun) throw new Error("no frame was sent");
    return "ended";
  })();
  const rejected = assertRejects(() => pending, DeviceGoneError);
  await lab.host.ip("link delete mv0");
  await rejected;
  assertEquals(await iteration, "ended");
  await assertRejects(
    () => tun.write(new Uint8Array(60)),
    DeviceGoneError,
  );
  assertThrows(() => tun.state(), DeviceGoneError);
});

Deno.test("macvtap: what cannot be opened says why", async () => {
  const { lab, index } = await cable();
  await using _lab = lab;
  const before = ownedDescriptors();
  const namespace = lab.host.name;
  const open = (name: string, node?: string) =>
    assertThrows(() => Tun.openMacvtap(name, { namespace, node }), SystemError);
  assertEquals(open("none0").code, "ENODEV");
  const noNode = open("eth0");
  assertEquals(noNode.code, "ENOENT");
  assertStringIncludes(noNode.message, "mknod");
  const other = open("eth0", `/dev/tap${index}`);
  assertStringIncludes(other.message, "the node belongs to mv0");
  assertEquals(ownedDescriptors(), before);
});
