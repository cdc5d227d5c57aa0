// Questions sent by Python over three interfaces, in both IP versions.

import { assertEquals } from "@std/assert";
import { Lab } from "../support/netns.ts";
import { example } from "./example.ts";

const ASK = `
import socket, struct, sys
def name(text):
    return b"".join(bytes([len(p)]) + p.encode() for p in text.split(".")) + b"\\0"
# Two questions; the name of the second points into the first.
query = struct.pack("!6H", 0, 0, 2, 0, 0, 0) + name("printer.local") + struct.pack("!2H", 28, 1)
query += b"\\4_ipp\\4_tcp\\xc0\\x14" + struct.pack("!2H", 12, 1)
cut_short = query[:-7] + b"\\xc0"
index = socket.if_nametoindex(sys.argv[1])
six = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
six.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
four = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
four.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, struct.pack("4s4si", b"", b"", index))
for message in cut_short, query:
    six.sendto(message, ("ff02::fb", 5353))
    four.sendto(message, ("224.0.0.251", 5353))
`;

Deno.test("mdns_listener reports the interface of a query", async () => {
  await using lab = await Lab.open("host", "left", "right", "late");
  for (const side of ["left", "right"] as const) {
    await lab.veth("host", side, side, "eth0");
    const net = side === "left" ? "192.0.2" : "198.51.100";
    await lab.host.ip(`address add ${net}.1/24 dev ${side}`);
    await lab[side].ip(`address add ${net}.2/24 dev eth0`);
    await lab[side].ip("address flush dev eth0 scope link");
    await lab[side].ip("address add fe80::2/64 dev eth0 nodad");
  }
  await using listener = example("mdns_listener", lab.host);
  assertEquals(
    [await listener.line(), await listener.line()].sort(),
    ["listening on left", "listening on right"],
  );
  // And one that comes later.
  const { late } = lab;
  await lab.veth("host", "late", "late", "eth0");
  await late.ip("address add 203.0.113.2/24 dev eth0");
  await late.ip("address flush dev eth0 scope link");
  await late.ip("address add fe80::2/64 dev eth0 nodad");
  assertEquals(await listener.line(), "listening on late");
  for (const side of ["right", "left", "late"] as const) {
    const net = { left: "192.0.2", right: "198.51.100", late: "203.0.113" }[
      side
    ];
    await lab[side].run("python3", ["-c", ASK, "eth0"]);
    const lines = [];
    for (let n = 0; n < 6; n++) lines.push(await listener.line());
    assertEquals(
      lines.sort(),
      [
        [`${net}.2`, "224.0.0.251"],
        ["fe80::2", "ff02::fb"],
      ].flatMap(([peer, group]) => [
        // Of what was cut short the part that is whole.
        `${side}: ${peer} queries ${group} AAAA "printer.local"`,
        `${side}: ${peer} queries ${group} AAAA "printer.local"`,
        `${side}: ${peer} queries ${group} PTR "_ipp._tcp.local"`,
      ]).sort(),
    );
  }
  const { code, stderr } = await listener.stop();
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
});
