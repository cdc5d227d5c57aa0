import { assertEquals, assertThrows } from "@std/assert";
import { ArgumentError } from "../../../lib/errors.ts";
import { buildIcmp, buildTcp, buildUdp } from "../../../lib/packet/build.ts";
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

Deno.test("decoded headers are written byte for byte", () => {
  for (const bytes of [...ipSamples, ...icmpSamples, ...icmpv6Samples]) {
    assertEquals(rewrite(decodePacket(bytes)).toHex(), bytes.toHex());
  }
  for (const bytes of ethernetSamples) {
    const packet = decodePacket(bytes, "ethernet");
    assertEquals(rewrite(packet).toHex(), bytes.toHex());
  }
});

Deno.test("decoded TCP options are encoded byte for byte", () => {
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

Deno.test("addresses that differ in version and lengths beyond the limit are refused", () => {
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

Deno.test("a number that does not fit its field is refused", () => {
  const payload = new Uint8Array(0);
  const v4 = { source: "10.0.0.1", destination: "10.0.0.2" };
  const v6 = { source: "::1", destination: "::2" };
  const ports = { sourcePort: 1, destinationPort: 2, payload };
  const tcp = { ...ports, sequence: 1, flags: 2 };
  const icmp = { type: 8, code: 0, identifier: 1, sequence: 1, payload };
  const refused: [field: string, write: () => unknown][] = [
    // The version was 7, the label that of another flow.
    ["trafficClass", () => buildUdp({ ...v6, trafficClass: 300 }, ports)],
    ["trafficClass", () => buildUdp({ ...v4, trafficClass: -1 }, ports)],
    ["flowLabel", () => buildUdp({ ...v6, flowLabel: 0x100000 }, ports)],
    ["ttl", () => buildUdp({ ...v4, ttl: 256 }, ports)],
    ["ttl", () => buildUdp({ ...v6, ttl: 1.5 }, ports)],
    ["identification", () => buildUdp({ ...v4, identification: 65536 }, ports)],
    // It was 4464.
    ["sourcePort", () => buildUdp(v4, { ...ports, sourcePort: 70000 })],
    ["destinationPort", () => buildTcp(v4, { ...tcp, destinationPort: NaN })],
    ["sequence", () => buildTcp(v4, { ...tcp, sequence: 2 ** 32 })],
    ["acknowledgement", () => buildTcp(v6, { ...tcp, acknowledgement: -1 })],
    ["flags", () => buildTcp(v4, { ...tcp, flags: 0x1000 })],
    ["window", () => buildTcp(v4, { ...tcp, window: 65536 })],
    ["urgentPointer", () => buildTcp(v4, { ...tcp, urgentPointer: 65536 })],
    // The payload was not where the header said.
    [
      "optionBytes",
      () => buildTcp(v4, { ...tcp, optionBytes: new Uint8Array(3) }),
    ],
    [
      "optionBytes",
      () => buildTcp(v4, { ...tcp, optionBytes: new Uint8Array(44) }),
    ],
    ["type", () => buildIcmp(v4, { ...icmp, type: 256 })],
    ["code", () => buildIcmp(v6, { ...icmp, code: 256 })],
    ["identifier", () => buildIcmp(v4, { ...icmp, identifier: 65536 })],
    ["sequence", () => buildIcmp(v4, { ...icmp, sequence: 65536 })],
    ["mss", () => encodeTcpOptions([{ name: "mss", value: 65536 }])],
    ["wscale", () => encodeTcpOptions([{ name: "wscale", value: 256 }])],
    ["TS", () => encodeTcpOptions([{ name: "TS", value: -1, echo: 0 }])],
    [
      "kind",
      () => encodeTcpOptions([{ name: "unknown", kind: 1, data: payload }]),
    ],
    [
      "options",
      () =>
        encodeTcpOptions([
          { name: "unknown", kind: 77, data: new Uint8Array(39) },
        ]),
    ],
  ];
  for (const [field, write] of refused) {
    const error = assertThrows(write, ArgumentError);
    assertEquals(error.argument, field);
  }
});

Deno.test("a header that does not fit its buffer or fields is refused", () => {
  const address4 = new Uint8Array(4);
  const address6 = new Uint8Array(16);
  const link = new Uint8Array(6);
  const v4 = {
    sourceAddress: address4,
    destinationAddress: address4,
    protocol: 17,
    payloadLength: 0,
  };
  const v6 = {
    ...v4,
    sourceAddress: address6,
    destinationAddress: address6,
  };
  const bytes = new Uint8Array(100);
  const frame = {
    destinationAddress: link,
    sourceAddress: link,
    type: 0x0800,
  };
  const tag = { protocol: 0x8100, id: 1, priority: 0, dropEligible: false };
  const refused: [field: string, write: () => unknown][] = [
    ["bytes", () => writeIPv4(bytes, 90, v4)],
    ["bytes", () => writeIPv6(bytes, 61, v6)],
    ["bytes", () => writeEthernet(bytes, -1, frame)],
    [
      "sourceAddress",
      () => writeIPv4(bytes, 0, { ...v4, sourceAddress: link }),
    ],
    [
      "payloadLength",
      () => writeIPv4(bytes, 0, { ...v4, payloadLength: 65516 }),
    ],
    [
      "payloadLength",
      () => writeIPv6(bytes, 0, { ...v6, payloadLength: 65536 }),
    ],
    ["protocol", () => writeIPv4(bytes, 0, { ...v4, protocol: 256 })],
    [
      "fragmentOffset / 8",
      () => writeIPv4(bytes, 0, { ...v4, fragmentOffset: 12 }),
    ],
    ["type", () => writeEthernet(bytes, 0, { ...frame, type: 65536 })],
    [
      "vlan id",
      () =>
        writeEthernet(bytes, 0, { ...frame, vlans: [{ ...tag, id: 4096 }] }),
    ],
    [
      "vlan priority",
      () =>
        writeEthernet(bytes, 0, { ...frame, vlans: [{ ...tag, priority: 8 }] }),
    ],
    [
      "operation",
      () =>
        writeArp(bytes, 0, {
          operation: 65536,
          senderLinkAddress: link,
          senderAddress: address4,
          targetLinkAddress: link,
          targetAddress: address4,
        }),
    ],
    [
      "targetAddress",
      () =>
        writeArp(bytes, 0, {
          operation: 1,
          senderLinkAddress: link,
          senderAddress: address4,
          targetLinkAddress: link,
          targetAddress: address6,
        }),
    ],
  ];
  for (const [field, write] of refused) {
    const error = assertThrows(write, ArgumentError);
    assertEquals(error.argument, field);
    assertEquals(bytes.every((byte) => byte === 0), true, field);
  }
});
