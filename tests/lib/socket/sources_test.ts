// Source-specific multicast: what arrives from which source, and the kernel's
// own list of sources in /proc/net.

import { assertEquals, assertThrows } from "@std/assert";
import { SystemError } from "../../../ffi/errno.ts";
import { ArgumentError } from "../../../lib/errors.ts";
import type { UdpSocket } from "../../../lib/udp/socket.ts";
import { CLIENT, FOUR, UdpLab } from "../../support/udp_lab.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** A group of each IP version, and two addresses of the sending host. */
const CASES = [
  { group: "232.1.2.3", sources: [CLIENT.four, "192.0.2.101"] },
  { group: "ff3e::4321", sources: [CLIENT.six, "2001:db8::101"] },
] as const;

async function open(): Promise<UdpLab> {
  const lab = await UdpLab.open();
  await lab.client.batch(`
    address add 192.0.2.101/24 dev wire
    address add 2001:db8::101/64 dev wire nodad
  `);
  return lab;
}

/** Sends to the group from each source, then a mark; gives what is received. */
async function received(
  lab: UdpLab,
  socket: UdpSocket,
  group: string,
  sources: readonly string[],
): Promise<string[]> {
  const { port } = socket.address;
  for (const source of sources) {
    const sender = lab.bind({ address: source }, "client");
    sender.multicastInterface("wire");
    await sender.send(source, { address: group, port });
    await sender.close();
  }
  await lab.ask("-w", "1", FOUR[0], String(port), "mark");
  const texts: string[] = [];
  while (texts.at(-1) !== "mark") {
    texts.push(text((await socket.receive({ timeout: 5000 })).data));
  }
  return texts.slice(0, -1);
}

/** Sources of the server's groups as /proc/net counts them: included, excluded. */
async function sourceFilters(lab: UdpLab, group: string): Promise<number[][]> {
  const file = group.includes(":") ? "mcfilter6" : "mcfilter";
  const lines = (await lab.server.run("cat", [`/proc/net/${file}`]))
    .trim().split("\n").slice(1);
  return lines.map((line) => line.trim().split(/\s+/).slice(-2).map(Number));
}

for (const { group, sources } of CASES) {
  const [one, other] = sources;

  Deno.test(`source-specific multicast: ${group} is received from joined sources only`, async () => {
    await using lab = await open();
    const socket = lab.bind();
    const arrived = () => received(lab, socket, group, sources);
    socket.joinSource(group, one, "wire");
    assertEquals(await arrived(), [one]);
    assertEquals(await sourceFilters(lab, group), [[1, 0]]);
    socket.joinSource(group, other, await lab.index());
    assertEquals(await arrived(), [one, other]);
    assertEquals(await sourceFilters(lab, group), [[1, 0], [1, 0]]);
    socket.leaveSource(group, one, "wire");
    assertEquals(await arrived(), [other]);
    socket.leaveSource(group, other, "wire");
    assertEquals(await arrived(), []);
    assertEquals(await sourceFilters(lab, group), []);
  });

  Deno.test(`source-specific multicast: a blocked source of ${group} is not received`, async () => {
    await using lab = await open();
    const socket = lab.bind();
    const arrived = () => received(lab, socket, group, sources);
    socket.join(group, "wire");
    assertEquals(await arrived(), [one, other]);
    socket.blockSource(group, one, "wire");
    assertEquals(await arrived(), [other]);
    assertEquals(await sourceFilters(lab, group), [[0, 1]]);
    socket.unblockSource(group, one, "wire");
    assertEquals(await arrived(), [one, other]);
    socket.leave(group, "wire");
    assertEquals(await arrived(), []);
    // On a socket of that IP version alone, too.
    const family = group.includes(":") ? "ipv6" : "ipv4";
    const single = lab.bind({ family });
    single.joinSource(group, one, "wire");
    assertEquals(await sourceFilters(lab, group), [[1, 0]]);
  });

  Deno.test(`source-specific multicast: what the kernel refuses of ${group} says what to do`, async () => {
    await using lab = await open();
    const refused = (body: () => void) => {
      const { code, advice } = assertThrows(body, SystemError);
      return [code, advice];
    };
    const single = lab.bind();
    single.joinSource(group, one, "wire");
    assertEquals(refused(() => single.joinSource(group, one, "wire")), [
      "EADDRNOTAVAIL",
      "This source was joined already",
    ]);
    const only =
      "Only a socket that joined the group for all sources, with join(), can block some";
    assertEquals(refused(() => single.blockSource(group, one, "wire")), [
      "EINVAL",
      only,
    ]);
    const any = lab.bind();
    assertEquals(refused(() => any.leaveSource(group, one, "wire")), [
      "EINVAL",
      "This socket is not a member of that group there",
    ]);
    any.join(group, "wire");
    assertEquals(refused(() => any.leaveSource(group, one, "wire")), [
      "EADDRNOTAVAIL",
      "This source was not joined",
    ]);
    assertEquals(refused(() => any.unblockSource(group, one, "wire")), [
      "EADDRNOTAVAIL",
      "This source is not blocked",
    ]);
    any.blockSource(group, one, "wire");
    assertEquals(refused(() => any.blockSource(group, one, "wire")), [
      "EADDRNOTAVAIL",
      "This source is blocked already",
    ]);
    assertEquals(refused(() => any.joinSource(group, one, "wire")), [
      "EINVAL",
      "This socket joined the group for all sources and blocks some of them",
    ]);
  });
}

Deno.test("source-specific multicast: invalid groups and sources are refused before any system call", async () => {
  await using lab = await UdpLab.open();
  const dual = lab.bind();
  const bad = [
    ["192.0.2.1", CLIENT.four, "group: "],
    ["232.1.2.3", CLIENT.six, `source: "${CLIENT.six}" is not a unicast IPv4`],
    ["ff3e::1", CLIENT.four, `source: "${CLIENT.four}" is not a unicast IPv6`],
    ["232.1.2.3", "232.1.2.4", 'source: "232.1.2.4" is not a unicast'],
    ["232.1.2.3", "host", 'source: "host" is not an address'],
  ];
  for (const [group, source, message] of bad) {
    assertThrows(
      () => dual.joinSource(group, source, "wire"),
      ArgumentError,
      message,
    );
  }
});

Deno.test("groups: the limit of memberships, joining twice, an unknown interface say what to do", async () => {
  await using lab = await UdpLab.open();
  const socket = lab.bind();
  const most = Number(
    await lab.server.run("sysctl", ["-n", "net.ipv4.igmp_max_memberships"]),
  );
  for (let n = 0; n < most; n++) socket.join(`239.9.${n}.1`, "wire");
  const full = assertThrows(
    () => socket.join("239.9.255.1", "wire"),
    SystemError,
  );
  assertEquals(full.code, "ENOBUFS");
  assertEquals(full.advice?.includes("net.ipv4.igmp_max_memberships"), true);
  const twice = assertThrows(
    () => socket.join("239.9.0.1", "wire"),
    SystemError,
  );
  assertEquals(
    twice.advice,
    "This socket is a member of that group there already",
  );
  const absent = assertThrows(() => socket.join("ff15::9", 4711), SystemError);
  assertEquals([absent.code, absent.advice], [
    "ENODEV",
    "There is no interface with that index, or it has no IP configuration",
  ]);
});
