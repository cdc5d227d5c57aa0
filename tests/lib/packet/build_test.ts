import { assertEquals, assertThrows } from "@std/assert";
import { ArgumentError } from "../../../lib/errors.ts";
import { buildUdp } from "../../../lib/packet/build.ts";
import { writeArp } from "../../../lib/packet/arp.ts";
import { decodePacket, type Packet } from "../../../lib/packet/decode.ts";
import { writeEthernet } from "../../../lib/packet/ethernet.ts";
import { writeIcmp } from "../../../lib/packet/icmp.ts";
import { writeIPv4 } from "../../../lib/packet/ipv4.ts";
import { writeIPv6 } from "../../../lib/packet/ipv6.ts";
import { writeTcp } from "../../../lib/packet/tcp.ts";
import { encodeTcpOptions } from "../../../lib/packet/tcp_option.ts";
import { writeUdp } from "../../../lib/packet/udp.ts";
import { capture, tsharkFields } from "../../support/capture.ts";
import {
  ethernetSamples,
  icmpSamples,
  icmpv6Samples,
  ipSamples,
} from "./samples.ts";

Deno.test("checksums of what is built are right to tshark", async () => {
  const packets = [...ipSamples, ...icmpSamples, ...icmpv6Samples];
  const fields = ["ip", "udp", "tcp", "icmp", "icmpv6"].map((name) =>
    `${name}.checksum.status`
  );
  const rows = await tsharkFields(capture(packets, "ip"), fields, [
    ...["ip", "udp", "tcp"].flatMap((
      name,
    ) => ["-o", `${name}.check_checksum:TRUE`]),
    "-E",
    "occurrence=f",
  ]);
  let good = 0;
  for (const row of rows) {
    for (const status of row) {
      // 0 is bad, 1 good, 2 not checked (a fragment), 3 not present.
      assertEquals(status !== "0", true, row.join());
      if (status === "1") good++;
    }
  }
  assertEquals(good > 120, true, `${good} checked`);
});

/** Writes again what was decoded. */
function rewrite(packet: Packet): Uint8Array {
  const { ethernet, arp, ip, tcp, udp, icmp, icmpv6 } = packet;
  const bytes = new Uint8Array(packet.bytes.length);
  let at = ethernet ? writeEthernet(bytes, 0, ethernet) : 0;
  if (arp) writeArp(bytes, at, arp);
  if (!ip) return bytes;
  at = ip.version === 4 ? writeIPv4(bytes, at, ip) : writeIPv6(bytes, at, ip);
  const length = ip.payloadLength;
  if (ip.isFragment) bytes.set(ip.payload, at);
  else if (tcp) writeTcp(bytes, at, tcp, ip.pseudoHeader(6, length));
  else if (udp) writeUdp(bytes, at, udp, ip.pseudoHeader(17, length));
  else if (icmp) writeIcmp(bytes, at, icmp);
  else if (icmpv6) writeIcmp(bytes, at, icmpv6, ip.pseudoHeader(58, length));
  else bytes.set(ip.payload, at);
  return bytes;
}

Deno.test("what was decoded is written again byte for byte", () => {
  for (const bytes of [...ipSamples, ...icmpSamples, ...icmpv6Samples]) {
    assertEquals(rewrite(decodePacket(bytes)).toHex(), bytes.toHex());
  }
  for (const bytes of ethernetSamples) {
    const packet = decodePacket(bytes, "ethernet");
    assertEquals(rewrite(packet).toHex(), bytes.toHex());
  }
});

Deno.test("TCP options decoded are encoded again", () => {
  let count = 0;
  for (const bytes of ipSamples) {
    const { tcp } = decodePacket(bytes);
    if (!tcp) continue;
    const { options } = tcp.options();
    assertEquals(
      encodeTcpOptions(options).toHex(),
      tcp.optionBytes.toHex(),
    );
    count += options.length;
  }
  assertEquals(count > 30, true);
});

Deno.test("a UDP checksum of zero is sent as ffff", () => {
  // The last two bytes make the sum of everything ffff.
  const ip = { source: "0.0.0.0", destination: "0.0.0.0" };
  const fields = { sourcePort: 0, destinationPort: 0 };
  const sum = 17 + 10 + 10;
  const payload = new Uint8Array([0xff, 0xff - sum]);
  const bytes = buildUdp(ip, { ...fields, payload });
  assertEquals(bytes.subarray(26, 28).toHex(), "ffff");
  const packet = decodePacket(bytes);
  assertEquals(packet.udp!.verifyChecksum(packet.ip!), true);
});

Deno.test("what cannot be a packet is refused", () => {
  const fields = {
    sourcePort: 1,
    destinationPort: 2,
    payload: new Uint8Array(),
  };
  const udp = (source: string | Uint8Array, destination: string, length = 0) =>
    buildUdp({ source, destination }, {
      ...fields,
      payload: new Uint8Array(length),
    });
  assertThrows(() => udp("10.0.0.1", "::1"), ArgumentError, "destination");
  assertThrows(() => udp("10.0.0", "10.0.0.1"), ArgumentError, "source");
  assertThrows(() => udp(new Uint8Array(5), "::1"), ArgumentError, "5 bytes");
  assertThrows(() => udp("10.0.0.1", "10.0.0.2", 65508), ArgumentError);
  assertEquals(udp("10.0.0.1", "10.0.0.2", 65507).length, 65535);
  assertThrows(() => udp("::1", "::2", 65528), ArgumentError);
  assertEquals(udp("::1", "::2", 65527).length, 65575);
});
