// Flow labels, address preferences and the range of local ports.

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { SystemError } from "../../../ffi/errno.ts";
import { ArgumentError } from "../../../lib/errors.ts";
import type { Datagram } from "../../../lib/udp/datagram.ts";
import { UdpSocket } from "../../../lib/udp/socket.ts";
import { CLIENT, FOUR, SIX, UdpLab } from "../../support/udp_lab.ts";
import { Wire } from "../../support/wire.ts";

/** The flow label in an IPv6 header. */
function flowLabel(packet: Uint8Array<ArrayBuffer>): number {
  return new DataView(packet.buffer).getUint32(0) & 0xfffff;
}

Deno.test("flow label: of each datagram, as it is sent and received", async () => {
  await using lab = await UdpLab.open();
  const receiver = lab.bind({ receiveFlowLabel: true });
  const sender = lab.bind({}, "client");
  await using wire = await Wire.open(lab.server, "wire");
  const to = { address: SIX[1]!, port: receiver.address.port };
  for (const label of [1, 0x12345, 0xfffff]) {
    await sender.send("x", to, { flowLabel: label, trafficClass: 0xff });
    assertEquals(flowLabel(await wire.packet()), label);
    const datagram = await receiver.receive({ timeout: 5000 });
    assertEquals(datagram.flowLabel, label);
  }
  // In one call, messages that differ in nothing else.
  await sender.sendMany([1, 2, 2].map((flowLabel) => ({
    data: "x",
    to,
    flowLabel,
  })));
  const labels: unknown[] = [];
  for (let n = 0; n < 3; n++) {
    labels.push((await receiver.receive({ timeout: 5000 })).flowLabel);
  }
  assertEquals(labels, [1, 2, 2]);
});

Deno.test("flow label: the kernel's own, or none", async () => {
  await using lab = await UdpLab.open();
  const receiver = lab.bind({ receiveFlowLabel: true });
  const to = { address: SIX[1]!, port: receiver.address.port };
  const labelOf = async (sender: UdpSocket) => {
    await sender.send("x", to);
    const datagram: Datagram = await receiver.receive({ timeout: 5000 });
    return datagram.flowLabel;
  };
  assert(await labelOf(lab.bind({ autoFlowLabel: true }, "client")) !== 0);
  assertEquals(
    await labelOf(lab.bind({ autoFlowLabel: false }, "client")),
    undefined,
  );
  // And absent for IPv4, and where it was not enabled.
  const sender = lab.bind({}, "client");
  await sender.send("x", { ...to, address: FOUR[1]! });
  assertEquals(
    "flowLabel" in await receiver.receive({ timeout: 5000 }),
    false,
  );
  const plain = lab.bind();
  await sender.send("x", { ...to, port: plain.address.port }, { flowLabel: 5 });
  assertEquals("flowLabel" in await plain.receive({ timeout: 5000 }), false);
});

Deno.test("flow label: not part of IPv4, and its range", async () => {
  await using lab = await UdpLab.open();
  const socket = lab.bind();
  for (const address of [CLIENT.four, `::ffff:${CLIENT.four}`]) {
    await assertRejects(
      () => socket.send("x", { address, port: 9 }, { flowLabel: 5 }),
      ArgumentError,
      "flowLabel: 5 is not part of IPv4",
    );
  }
  const to = { address: CLIENT.six, port: 9 };
  for (const flowLabel of [0, -1, 0x100000, 1.5]) {
    await assertRejects(
      () => socket.send("x", to, { flowLabel }),
      ArgumentError,
      `flowLabel: ${flowLabel} is not`,
    );
  }
  assertThrows(
    () => lab.bind({ family: "ipv4", autoFlowLabel: true }),
    ArgumentError,
    "autoFlowLabel: true is not an option of an ipv4 socket",
  );
});

Deno.test("addressPreferences: a temporary or a public source address", async () => {
  await using lab = await UdpLab.open();
  // The kernel makes a temporary address for one that it manages.
  await lab.server.sysctl("net.ipv6.conf.wire.use_tempaddr", 1);
  await lab.server.ip("address flush dev wire scope global");
  await lab.server.batch(`
    address add 2001:db8::7/64 dev wire mngtmpaddr nodad
  `);
  const addresses = async () => {
    const [wire] = await lab.server.json<{
      addr_info: { local: string; temporary?: boolean; tentative?: boolean }[];
    }>("-6 address show dev wire scope global");
    return wire!.addr_info.filter(({ tentative }) => !tentative);
  };
  const temporary = async () =>
    (await addresses()).find((address) => address.temporary)?.local;
  let found = await temporary();
  const end = performance.now() + 10_000;
  while (found === undefined && performance.now() < end) {
    found = await temporary();
  }
  assert(found !== undefined);
  const peer = { address: CLIENT.six, port: 9 };
  const sourceOf = (preference: "temporary" | "public") =>
    lab.bind({ addressPreferences: [preference], peer }).address.address;
  assertEquals(sourceOf("temporary"), found);
  assertEquals(sourceOf("public"), "2001:db8::7");
});

Deno.test("addressPreferences: what contradicts or is unknown", async () => {
  await using lab = await UdpLab.open();
  const error = assertThrows(
    () => lab.bind({ addressPreferences: ["temporary", "public"] }),
    SystemError,
  );
  assertEquals(error.code, "EINVAL");
  assertThrows(
    () => lab.bind({ addressPreferences: ["new" as "public"] }),
    ArgumentError,
    'addressPreferences: "new" is not one of temporary, public, default',
  );
  assertThrows(
    () => lab.bind({ family: "ipv4", addressPreferences: ["public"] }),
    ArgumentError,
    "addressPreferences: ",
  );
});

/** Whether this kernel has IP_LOCAL_PORT_RANGE, since Linux 6.3. */
async function hasPortRange(): Promise<boolean> {
  try {
    await UdpSocket.bind({ localPortRange: [42000, 42999] }).close();
    return true;
  } catch (error) {
    if (error instanceof SystemError && error.code === "ENOPROTOOPT") {
      return false;
    }
    throw error;
  }
}

const ignore = !await hasPortRange();
const portRange = "localPortRange: port 0 picks from it, for each family";
Deno.test({ name: portRange, ignore }, async () => {
  await using lab = await UdpLab.open();
  for (const family of ["dual", "ipv4", "ipv6"] as const) {
    const range = [42000, 42003] as const;
    const ports = new Set<number>();
    const sockets: UdpSocket[] = [];
    for (let n = 0; n < 4; n++) {
      const socket = lab.bind({ family, localPortRange: range });
      sockets.push(socket);
      ports.add(socket.address.port);
    }
    assertEquals([...ports].toSorted(), [42000, 42001, 42002, 42003], family);
    const full = assertThrows(
      () => lab.bind({ family, localPortRange: range }),
      SystemError,
    );
    assertEquals([full.syscall, full.code], ["bind", "EADDRINUSE"]);
    for (const socket of sockets) await socket.close();
  }
  for (const range of [[0, 5], [5, 4], [1, 65536], [1.5, 2]] as const) {
    assertThrows(
      () => lab.bind({ localPortRange: range }),
      ArgumentError,
      "localPortRange: ",
    );
  }
});
