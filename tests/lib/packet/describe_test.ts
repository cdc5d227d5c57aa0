import { assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { buildTcp, buildUdp } from "../../../lib/packet/build.ts";
import { decodePacket } from "../../../lib/packet/decode.ts";
import { describePacket } from "../../../lib/packet/describe.ts";
import { formatTcpFlags, TCP } from "../../../lib/packet/tcp.ts";
import {
  encodeTcpOptions,
  type TcpOptionFields,
} from "../../../lib/packet/tcp_option.ts";
import { tcpdumpLines } from "../../support/capture.ts";
import {
  applicationSamples,
  frameSamples,
  protocolSamples,
  tcpOptionSamples,
  tunnelSamples,
  vxlanSamples,
} from "./protocol_samples.ts";
import {
  ethernetSamples,
  fitsTcpHeader,
  hex,
  icmpSamples,
  icmpv6Samples,
  ipSamples,
} from "./samples.ts";

const kinds = [
  ["IP", ipSamples, "ip"],
  ["ICMP", icmpSamples, "ip"],
  ["ICMPv6", icmpv6Samples, "ip"],
  ["Ethernet", ethernetSamples, "ethernet"],
  ["tunnel", tunnelSamples, "ip"],
  ["IGMP, SCTP and routing protocol", protocolSamples, "ip"],
  ["DNS, DHCP, NTP and HTTP", applicationSamples, "ip"],
  ["VLAN, LLC, STP, MPLS and PPPoE", frameSamples, "ethernet"],
] as const;

for (const [name, packets, linkType] of kinds) {
  Deno.test(`${name} packets are described as tcpdump does`, async () => {
    const lines = packets.map((bytes) =>
      describePacket(decodePacket(bytes, linkType))
    );
    assertEquals(lines, await tcpdumpLines(packets, linkType));
  });
}

Deno.test("TCP options are described as tcpdump does", async () => {
  const lines = tcpOptionSamples.map((bytes) =>
    describePacket(decodePacket(bytes))
  );
  assertEquals(lines, await tcpdumpLines(tcpOptionSamples, "ip"));
});

Deno.test("VXLAN is described as tcpdump does, in one line instead of two", async () => {
  const lines = vxlanSamples.map((bytes) =>
    describePacket(decodePacket(bytes))
  );
  const expected = await tcpdumpLines(vxlanSamples, "ip");
  assertEquals(
    lines,
    vxlanSamples.map((_, i) => `${expected[2 * i]}: ${expected[2 * i + 1]}`),
  );
});

Deno.test("the MPTCP option of the first data, which tcpdump 4.99 rejects", () => {
  const packet = decodePacket(buildTcp(
    { source: "10.0.0.1", destination: "10.0.0.2" },
    {
      sourcePort: 1,
      destinationPort: 2,
      sequence: 1,
      flags: TCP.ACK,
      optionBytes: hex("1e18 0101 0102030405060708 1112131415161718 05dc abcd"),
      payload: new Uint8Array(3),
    },
  ));
  assertStringIncludes(
    describePacket(packet),
    "[mptcp 24 capable v1 {0x102030405060708,0x1112131415161718}], length 3",
  );
});

Deno.test("2,000 random packets are described as tcpdump does", async () => {
  // Ports behind which tcpdump looks for no other protocol.
  const port = fc.integer({ min: 60_000, max: 65_000 });
  const u32 = fc.nat(0xffffffff);
  const payload = fc.uint8Array({ maxLength: 30 });
  const address = (length: number) =>
    fc.array(fc.oneof(fc.constant(0), fc.nat(255)), {
      minLength: length,
      maxLength: length,
    }).map((bytes) => Uint8Array.from(bytes));
  const envelope = fc.constantFrom(4, 16).chain((length) =>
    fc.record({ source: address(length), destination: address(length) })
  );
  const option: fc.Arbitrary<TcpOptionFields> = fc.oneof(
    fc.constantFrom({ name: "nop" as const }, { name: "sackOK" as const }),
    fc.record({ name: fc.constant("mss" as const), value: fc.nat(65535) }),
    fc.record({ name: fc.constant("TS" as const), value: u32, echo: u32 }),
    fc.record({
      name: fc.constant("sack" as const),
      blocks: fc.array(fc.tuple(u32, u32), { minLength: 1, maxLength: 3 }),
    }),
    fc.record({
      name: fc.constant("unknown" as const),
      // Unused numbers.
      kind: fc.integer({ min: 100, max: 170 }),
      data: fc.uint8Array({ maxLength: 5 }),
    }),
  );
  const tcp = fc.record({
    sourcePort: port,
    destinationPort: port,
    sequence: u32,
    acknowledgement: u32,
    flags: fc.nat(0xff),
    window: fc.nat(65535),
    urgentPointer: fc.nat(65535),
    optionBytes: fc.array(option, { maxLength: 4 }).filter(fitsTcpHeader)
      .map(encodeTcpOptions),
    payload,
  });
  const udp = fc.record({ sourcePort: port, destinationPort: port, payload });
  const packet = envelope.chain((envelope) =>
    fc.oneof(
      tcp.map((fields) => buildTcp(envelope, fields)),
      udp.map((fields) => buildUdp(envelope, fields)),
    )
  );
  const packets = fc.sample(packet, 2_000);
  assertEquals(
    packets.map((bytes) => describePacket(decodePacket(bytes))),
    await tcpdumpLines(packets, "ip"),
  );
});

Deno.test("a flag that tcpdump 4.99 does not know", () => {
  assertEquals(formatTcpFlags(TCP.ACK | TCP.ECE | TCP.AE), ".Ee");
});

Deno.test("a line ends with what is wrong with the packet", () => {
  const describe = (text: string, linkType?: "ethernet") =>
    describePacket(decodePacket(hex(text), linkType));
  assertEquals(
    describe(""),
    "malformed: IP header of 20 bytes, 0 available, length 0",
  );
  assertEquals(
    describe("9900"),
    "malformed: IP version 9, neither 4 nor 6, length 2",
  );
  assertEquals(
    describe("450005dc00010000401165150a0000010a000002 9c40c350"),
    "IP 10.0.0.1 > 10.0.0.2: ip-proto-17 1480 [malformed: IPv4 payload of 1480 bytes, 4 available]",
  );
  assertEquals(
    describe("4500001c000100004006eeda0a0000010a000002 9c40c35000000000"),
    "IP 10.0.0.1 > 10.0.0.2: ip-proto-6 8 [malformed: TCP header of 20 bytes, 8 available]",
  );
  assertEquals(
    describe("6000000000080040".padEnd(80, "0") + "11ff000000000000"),
    "IP6 :: > ::: ip-proto-0 8 [malformed: IPv6 hopopts header of 2048 bytes, 8 available]",
  );
  assertEquals(
    describe("ffffffffffff0250560000010806 0001", "ethernet"),
    "02:50:56:00:00:01 > ff:ff:ff:ff:ff:ff, ethertype Unknown (0x0806), length 16 [malformed: ARP message of 8 bytes, 2 available]",
  );
  assertEquals(
    describe("ffffffffffff02505600000188b5 0001", "ethernet"),
    "02:50:56:00:00:01 > ff:ff:ff:ff:ff:ff, ethertype Unknown (0x88b5), length 16",
  );
  assertEquals(
    describe("ffffffffffff0250560000010003 424203", "ethernet"),
    "02:50:56:00:00:01 > ff:ff:ff:ff:ff:ff, 802.3, length 17 [malformed: STP message of 4 bytes, 0 available]",
  );
});
