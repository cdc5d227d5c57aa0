// Multicast: joined and left per interface, sent through the one that was named;
// a second namespace sends and hears, `ip maddress` says who is a member.

import { assertEquals, assertThrows } from "@std/assert";
import { SystemError } from "../../../ffi/errno.ts";
import { ArgumentError } from "../../../lib/errors.ts";
import type { UdpSocket } from "../../../lib/udp/socket.ts";
import { FOUR, UdpLab } from "../../support/udp_lab.ts";

const GROUPS = ["239.1.2.3", "ff15::1234"];
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** A lab with a second wire, "other". */
async function labWithOther(): Promise<UdpLab> {
  const lab = await UdpLab.open();
  try {
    await lab.lab.veth("server", "other", "client", "other");
    await lab.server.ip("address add 198.51.100.1/24 dev other");
    await lab.client.ip("address add 198.51.100.2/24 dev other");
    return lab;
  } catch (error) {
    await lab[Symbol.asyncDispose]();
    throw error;
  }
}

/** Whether the kernel counts the interface of the server in a group. */
async function isMember(lab: UdpLab, group: string, dev: string) {
  const [{ maddr }] = await lab.server.json<{
    maddr: { address?: string }[];
  }>(`maddress show dev ${dev}`);
  return maddr.some(({ address }) => address === group);
}

/** Sends to the group through an interface of the client. */
async function call(
  lab: UdpLab,
  socket: UdpSocket,
  group: string,
  dev: string,
) {
  const port = String(socket.address.port);
  await lab.ask("-w", "1", "-i", dev, group, port, `by ${dev}`);
}

/** Everything that has arrived, the mark included that ends it. */
async function heard(lab: UdpLab, socket: UdpSocket): Promise<string[]> {
  const port = String(socket.address.port);
  await lab.ask("-w", "1", FOUR[0], port, "mark");
  const texts: string[] = [];
  while (texts.at(-1) !== "mark") {
    texts.push(text((await socket.receive({ timeout: 5000 })).data));
  }
  return texts;
}

for (const group of GROUPS) {
  Deno.test(`multicast: ${group} is heard on the interface it was joined on, until it is left`, async () => {
    await using lab = await labWithOther();
    const socket = lab.bind();
    assertEquals(await isMember(lab, group, "wire"), false);
    socket.join(group, "wire");
    assertEquals(await isMember(lab, group, "wire"), true);
    assertEquals(await isMember(lab, group, "other"), false);
    await call(lab, socket, group, "wire");
    await call(lab, socket, group, "other");
    assertEquals(await heard(lab, socket), ["by wire", "mark"]);

    // By its number as well as by its name.
    socket.join(group, await lab.index("other"));
    socket.leave(group, "wire");
    assertEquals(await isMember(lab, group, "wire"), false);
    assertEquals(await isMember(lab, group, "other"), true);
    await call(lab, socket, group, "wire");
    await call(lab, socket, group, "other");
    assertEquals(await heard(lab, socket), ["by other", "mark"]);

    await socket.close();
    assertEquals(await isMember(lab, group, "other"), false);
  });

  Deno.test(`multicast: a group ${group} that only another socket joined is received only without multicastOnlyJoined`, async () => {
    await using lab = await UdpLab.open();
    const member = lab.bind();
    member.join(group, "wire");
    const strict = lab.bind();
    await call(lab, strict, group, "wire");
    assertEquals(await heard(lab, strict), ["mark"]);
    const open = lab.bind({ multicastOnlyJoined: false });
    await call(lab, open, group, "wire");
    assertEquals(await heard(lab, open), ["by wire", "mark"]);
  });

  Deno.test(`multicast: ${group} leaves through the interface that was named`, async () => {
    await using lab = await labWithOther();
    const socket = lab.bind();
    const hearings = new Map();
    for (const dev of ["wire", "other"]) {
      hearings.set(
        dev,
        await lab.hear(["-n", "2", "-i", dev, "-m", group, "::", "0"]),
      );
    }
    for (const dev of ["other", "wire"]) {
      const { port, heard } = hearings.get(dev);
      socket.multicastInterface(dev);
      await socket.send(`by ${dev}`, { address: group, port });
      assertEquals((await heard()).endsWith(`by ${dev}`), true);
      // And for one datagram only, regardless of the socket's setting.
      socket.multicastInterface(dev === "wire" ? "other" : "wire");
      const to = { address: group, port };
      await socket.send("once", to, { interface: dev });
      assertEquals((await heard()).endsWith("once"), true);
    }
  });

  Deno.test(`multicast: this host's own members hear ${group}, unless they shall not`, async () => {
    await using lab = await UdpLab.open();
    const member = lab.bind();
    member.join(group, "wire");
    const to = { address: group, port: member.address.port };
    for (const multicastLoop of [undefined, true, false]) {
      const socket = lab.bind({ multicastLoop });
      socket.multicastInterface("wire");
      await socket.send("loop", to);
      const expected = multicastLoop === false ? ["mark"] : ["loop", "mark"];
      assertEquals(await heard(lab, member), expected);
    }
  });
}

Deno.test("multicast: a group may carry its interface as a zone", async () => {
  await using lab = await UdpLab.open();
  const socket = lab.bind();
  socket.join("ff02::1234%wire");
  assertEquals(await isMember(lab, "ff02::1234", "wire"), true);
  socket.leave("ff02::1234%wire");
  assertEquals(await isMember(lab, "ff02::1234", "wire"), false);
});

Deno.test("multicast: what the kernel refuses says what to do", async () => {
  await using lab = await UdpLab.open();
  const socket = lab.bind();
  const refused = (body: () => void) => assertThrows(body, SystemError);
  socket.join(GROUPS[0], "wire");
  assertEquals(
    refused(() => socket.join(GROUPS[0], "wire")).code,
    "EADDRINUSE",
  );
  const left = refused(() => socket.leave(GROUPS[1], "wire"));
  assertEquals(left.code, "EADDRNOTAVAIL");
  assertEquals(left.advice, "This socket is not a member of that group there");
  assertEquals(refused(() => socket.join(GROUPS[0], 4711)).code, "ENODEV");
  const absent = refused(() => socket.join(GROUPS[0], "wire2"));
  assertEquals([absent.code, absent.tried], ["ENODEV", "find interface wire2"]);
  const unrouted = refused(() => socket.join(GROUPS[0]));
  assertEquals([unrouted.code, unrouted.advice], [
    "ENODEV",
    "No route leads to the group; name the interface",
  ]);
});

Deno.test("multicast: what can be no group is refused before any system call", async () => {
  await using lab = await UdpLab.open();
  const dual = lab.bind();
  for (const group of ["192.0.2.1", "2001:db8::1", "224.0.0", ""]) {
    assertThrows(() => dual.join(group, "wire"), ArgumentError, "group: ");
    assertThrows(() => dual.leave(group, "wire"), ArgumentError, "group: ");
  }
  for (const on of [-1, 1.5, NaN, "", "a/b", "sixteen-letters-"]) {
    assertThrows(() => dual.join(GROUPS[0], on), ArgumentError, "interface: ");
    assertThrows(() => dual.multicastInterface(on), ArgumentError);
  }
  assertThrows(
    () => lab.bind({ family: "ipv4" }).join(GROUPS[1], "wire"),
    ArgumentError,
    `group: "ff15::1234" is not an IPv4 address, as those of the socket are`,
  );
  assertThrows(
    () => lab.bind({ family: "ipv6" }).join(GROUPS[0], "wire"),
    ArgumentError,
    `group: "239.1.2.3" is not an IPv6 address, as those of the socket are`,
  );
});
