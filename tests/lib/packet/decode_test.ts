import { assert, assertEquals } from "@std/assert";
import { decodeArp } from "../../../lib/packet/arp.ts";
import { decodePacket } from "../../../lib/packet/decode.ts";
import { decodeEthernet } from "../../../lib/packet/ethernet.ts";
import { decodeIcmp } from "../../../lib/packet/icmp.ts";
import { decodeIcmpv6 } from "../../../lib/packet/icmpv6.ts";
import { decodeIP } from "../../../lib/packet/ip.ts";
import { decodeIPv4 } from "../../../lib/packet/ipv4.ts";
import { decodeIPv6 } from "../../../lib/packet/ipv6.ts";
import { describePacket } from "../../../lib/packet/describe.ts";
import { packetJson } from "../../../lib/packet/json.ts";
import { decodeTcp } from "../../../lib/packet/tcp.ts";
import { decodeUdp } from "../../../lib/packet/udp.ts";
import { capture, tsharkFields } from "../../support/capture.ts";
import {
  ethernetSamples,
  hex,
  icmpSamples,
  icmpv6Samples,
  ipSamples,
  ipv6Packet,
} from "./samples.ts";

const decoders = {
  IP: decodeIP,
  IPv4: decodeIPv4,
  IPv6: decodeIPv6,
  ICMP: decodeIcmp,
  ICMPv6: decodeIcmpv6,
  TCP: decodeTcp,
  UDP: decodeUdp,
  Ethernet: decodeEthernet,
  ARP: decodeArp,
};

const zeros = (count: number) => "00".repeat(count);

// What each decoder refuses, and how it says so.
const malformed: [keyof typeof decoders, string, string][] = [
  ["IP", "", "IP header of 20 bytes, 0 available"],
  ["IP", "05", "IP version 0, neither 4 nor 6"],
  ["IPv4", "45", "IPv4 header of 20 bytes, 1 available"],
  ["IPv4", "60" + zeros(19), "IP version 6, not 4"],
  ["IPv4", "44" + zeros(19), "IPv4 header length 16, below 20"],
  ["IPv4", "46000018" + zeros(16), "IPv4 header of 24 bytes, 20 available"],
  ["IPv4", "45000013" + zeros(16), "IPv4 total length 19, header 20"],
  ["IPv4", "45000000" + zeros(16), "IPv4 total length 0, header 20"],
  ["IPv6", "60" + zeros(38), "IPv6 header of 40 bytes, 39 available"],
  ["IPv6", "45" + zeros(39), "IP version 4, not 6"],
  ["ICMP", "0800", "ICMP message of 8 bytes, 2 available"],
  ["ICMPv6", "80000000000000", "ICMPv6 message of 8 bytes, 7 available"],
  [
    "ICMPv6",
    "87" + zeros(22),
    "ICMPv6 neighbor solicitation of 24 bytes, 23 available",
  ],
  ["TCP", zeros(19), "TCP header of 20 bytes, 19 available"],
  ["TCP", zeros(12) + "40" + zeros(7), "TCP header length 16, below 20"],
  ["TCP", zeros(12) + "60" + zeros(7), "TCP header of 24 bytes, 20 available"],
  ["UDP", zeros(7), "UDP header of 8 bytes, 7 available"],
  ["UDP", "0000000000070000", "UDP length 7, below 8"],
  ["Ethernet", zeros(13), "Ethernet header of 14 bytes, 13 available"],
  [
    "Ethernet",
    zeros(12) + "8100" + "0001",
    "Ethernet header of 18 bytes, 16 available",
  ],
  ["ARP", zeros(7), "ARP message of 8 bytes, 7 available"],
  ["ARP", "00010800ffff0001", "ARP message of 1028 bytes, 8 available"],
];

for (const [name, bytes, expected] of malformed) {
  Deno.test(`malformed: ${expected}`, () => {
    assertEquals(decoders[name](hex(bytes)).malformed, expected);
    // The same between other bytes: neither start nor end may be missed.
    const padded = hex("ff".repeat(9) + bytes + "ff".repeat(2000));
    const end = 9 + bytes.length / 2;
    assertEquals(decoders[name](padded, 9, end).malformed, expected);
  });
}

const samples = [...ipSamples, ...icmpSamples, ...icmpv6Samples];

Deno.test("the samples are well-formed", () => {
  for (const bytes of samples) {
    assertEquals(decodePacket(bytes).malformed, undefined);
  }
  for (const bytes of ethernetSamples) {
    assertEquals(decodePacket(bytes, "ethernet").malformed, undefined);
  }
});

Deno.test("a truncated packet is malformed and keeps the headers before the cut", () => {
  for (const bytes of samples) {
    for (let length = 0; length < bytes.length; length++) {
      const packet = decodePacket(bytes.subarray(0, length));
      assert(packet.malformed !== undefined, bytes.subarray(0, length).toHex());
      const least = bytes[0] >> 4 === 4 ? (bytes[0] & 15) * 4 : 40;
      assertEquals(packet.ip !== undefined, length >= least);
    }
  }
});

Deno.test("bytes after a packet belong to none of its headers", () => {
  for (const bytes of samples) {
    const padded = new Uint8Array(bytes.length + 30).fill(0xee);
    padded.set(bytes);
    const packet = decodePacket(padded);
    assertEquals(packet.malformed, undefined);
    assertEquals(packet.ip!.payloadEnd, bytes.length);
  }
});

Deno.test("checksums of the samples are right, and wrong after any change", () => {
  let checked = 0;
  for (const bytes of samples) {
    const copy = bytes.slice();
    const { ip, tcp, udp, icmp, icmpv6 } = decodePacket(copy);
    if (!ip || ip.isFragment) continue;
    const verify = () =>
      (ip.version === 6 || ip.verifyChecksum()) &&
      (tcp?.verifyChecksum(ip) ?? true) && (udp?.verifyChecksum(ip) ?? true) &&
      (icmp?.verifyChecksum() ?? true) &&
      (ip.version === 4 || (icmpv6?.verifyChecksum(ip) ?? true));
    assertEquals(verify(), true, bytes.toHex());
    const last = copy.length - 1;
    if (!tcp && !udp && !icmp && !icmpv6 || last < ip.payloadOffset) continue;
    copy[last] ^= 1;
    assertEquals(verify(), false, bytes.toHex());
    checked++;
  }
  assert(checked > 60);
});

Deno.test("the extension headers of IPv6", () => {
  const packet = ipSamples.find((bytes) => bytes[6] === 0 && bytes[40] === 60)!;
  const ip = decodeIPv6(packet);
  assert(ip.malformed === undefined);
  assertEquals(ip.extensions, [
    { protocol: 0, offset: 40, length: 8 },
    { protocol: 60, offset: 48, length: 8 },
    { protocol: 51, offset: 56, length: 24 },
  ]);
  assertEquals([ip.nextHeader, ip.protocol, ip.payloadOffset], [0, 17, 80]);
});

Deno.test("a chain of the shortest extension headers ends with the packet", () => {
  const bytes = ipv6Packet(
    60,
    new Uint8Array(0),
    60,
    "3c00010400000000".repeat(8191),
  );
  const ip = decodeIPv6(bytes);
  assert(ip.malformed === undefined);
  assertEquals(ip.extensions.length, 8191);
  assertEquals(ip.defect, "IPv6 dstopts header of 8 bytes, 0 available");
});

Deno.test("a broken extension header leaves the ones before it", () => {
  for (const kind of [0, 43, 51, 60]) {
    const bytes = ipv6Packet(
      kind,
      hex("11ff000000000000"),
      60,
      hex(
        kind.toString(16).padStart(2, "0") + "00010400000000",
      ).toHex(),
    );
    const ip = decodeIPv6(bytes);
    assert(ip.malformed === undefined);
    assertEquals(ip.extensions.length, 1);
    assertEquals(ip.protocol, kind);
    assert(ip.defect?.endsWith("bytes, 8 available"));
    assertEquals(decodePacket(bytes).udp, undefined);
  }
});

Deno.test("a jumbogram has the length of its option", () => {
  const length = 70_000;
  const bytes = new Uint8Array(40 + length);
  bytes.set(hex("6000000000000040"));
  bytes.set(hex("1100 c204 00011170"), 40);
  bytes.set(hex("9c40c35000000000"), 48);
  const { ip, udp, malformed } = decodePacket(bytes);
  assertEquals(malformed, undefined);
  assertEquals(ip!.payloadLength, length - 8);
  assertEquals(udp!.payloadLength, length - 16);
  // Without the option there is no payload.
  bytes.set(hex("1100 0104 00000000"), 40);
  assertEquals(
    decodePacket(bytes).malformed,
    "IPv6 hopopts header of 8 bytes, 0 available",
  );
});

Deno.test("malformed TCP options are reported", () => {
  const header = zeros(12) + "7010ffff00000000";
  const options = (text: string) => {
    const tcp = decodeTcp(hex(header + text));
    assert(tcp.malformed === undefined);
    return tcp.options();
  };
  assertEquals(options("0204 0010 01 01 01 00").options.length, 5);
  assertEquals(options("0101 0101 0101 0800"), {
    options: options("0101 0101 0101 0000").options.slice(0, 6),
    malformed: "option 8 of 0 bytes, 2 left",
  });
  assertEquals(
    options("020a 0010 01010101").malformed,
    "option 2 of 10 bytes, 8 left",
  );
  assertEquals(
    options("01010101 01010102").malformed,
    "option 2 of 0 bytes, 1 left",
  );
  // A wrong length makes it unknown, no more.
  const wrong = options("0206 0010 0101 0101").options[0];
  assertEquals(wrong.name === "unknown" && wrong.data.toHex(), "00100101");
});

Deno.test("options of neighbour discovery", () => {
  const advertisement = icmpv6Samples.find((bytes) => bytes[40] === 134)!;
  const { icmpv6 } = decodePacket(advertisement);
  assertEquals(icmpv6!.router, {
    hopLimit: 64,
    managed: true,
    other: true,
    lifetime: 1800,
    reachableTime: 0,
    retransmitTime: 0,
  });
  const { options, malformed } = icmpv6!.options();
  assertEquals(malformed, undefined);
  // deno-lint-ignore no-unused-vars -- where they stand is not of interest
  assertEquals(options.map(({ offset, length, type, ...rest }) => rest), [
    { name: "source link-address", address: "02:50:56:00:00:01" },
    { name: "mtu", mtu: 1300 },
    {
      name: "prefix info",
      prefix: "2001:db8::/64",
      onLink: true,
      autonomous: true,
      validLifetime: 86400,
      preferredLifetime: 14400,
    },
    { name: "rdnss", lifetime: 3600, addresses: ["2001:db8::53"] },
  ]);
  const broken = (text: string) => {
    const solicitation = decodeIcmpv6(hex("8500000000000000" + text));
    assert(solicitation.malformed === undefined);
    return solicitation.options().malformed;
  };
  assertEquals(broken("0100"), "option 1 of 0 bytes, 2 left");
  assertEquals(broken("01"), "option 1 of 0 bytes, 1 left");
  assertEquals(broken("0102025056000001"), "option 1 of 16 bytes, 8 left");
  assertEquals(broken("0101025056000001"), undefined);
});

// RFC 6275: the home address is part of the pseudo-header, the care-of address
// of the IPv6 header is not.
const HOME_ADDRESS = hex(
  "6000000000243c40 20010db8000c00000000000000000001" +
    "20010db8000d00000000000000000001 110201020000c910" +
    "20010db8000a00000000000000000001 00010002000ca448 00000000",
);

Deno.test("the checksum of a packet with a Home Address option", async () => {
  const { ip, udp } = decodePacket(HOME_ADDRESS);
  assert(ip?.version === 6);
  assertEquals(udp?.verifyChecksum(ip), true);
  const damaged = HOME_ADDRESS.slice();
  damaged[63] ^= 1;
  const changed = decodePacket(damaged);
  assertEquals(changed.udp?.verifyChecksum(changed.ip!), false);
  const [[status]] = await tsharkFields(
    capture([HOME_ADDRESS], "ip"),
    ["udp.checksum.status"],
    ["-o", "udp.check_checksum:TRUE"],
  );
  assertEquals(status, "1");
});

// RFC 8754: TLVs follow the addresses, which "last entry" counts.
const SEGMENT_ROUTING = hex(
  "6000000000302b40 20010db8000c00000000000000000001" +
    "20010db8000d00000000000000000001 3b05040000000000" +
    "20010db8000d00000000000000000001 0516" + "aa".repeat(22),
);

Deno.test("the addresses of a segment routing header end before its TLVs", async () => {
  const packet = decodePacket(SEGMENT_ROUTING);
  assertEquals(packet.malformed, undefined);
  const { segments } = packetJson(packet);
  assertEquals(segments, ["2001:db8:d::1"]);
  assertEquals(
    describePacket(packet),
    "IP6 2001:db8:c::1 > 2001:db8:d::1: RT6 (len=5, type=4, segleft=0, " +
      "last-entry=0, tag=0, [0]2001:db8:d::1, TLVs 24) no next header",
  );
  const rows = await tsharkFields(
    capture([SEGMENT_ROUTING], "ip"),
    ["ipv6.routing.srh.addr"],
  );
  assertEquals(rows, [segments]);
  // A last entry beyond the header.
  const damaged = SEGMENT_ROUTING.slice();
  damaged[44] = 9;
  assertEquals(packetJson(decodePacket(damaged)).segments?.length, 2);
});
