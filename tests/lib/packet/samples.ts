// Packets of every kind the decoders know, for more than one test.

import { parseAddress } from "../../../lib/net/ip_address.ts";
import { buildIcmp, buildTcp, buildUdp } from "../../../lib/packet/build.ts";
import { writeIPv4 } from "../../../lib/packet/ipv4.ts";
import { writeIPv6 } from "../../../lib/packet/ipv6.ts";
import { TCP } from "../../../lib/packet/tcp.ts";
import {
  encodeTcpOptions,
  type TcpOptionFields,
} from "../../../lib/packet/tcp_option.ts";
import { ArgumentError } from "../../../lib/errors.ts";

const v4 = { source: "10.0.0.1", destination: "10.0.0.2" };
const v6 = { source: "2001:db8::1", destination: "2001:db8::2" };
export const hex = (text: string) =>
  Uint8Array.fromHex(text.replace(/\s/g, ""));
const text = (string: string) => new TextEncoder().encode(string);
const none = new Uint8Array(0);

/** Whether options have at most the 40 bytes of a header. */
export function fitsTcpHeader(options: readonly TcpOptionFields[]): boolean {
  try {
    encodeTcpOptions(options);
    return true;
  } catch (error) {
    if (error instanceof ArgumentError) return false;
    throw error;
  }
}

export function ipv4Packet(
  protocol: number,
  payload: Uint8Array,
  fields: Partial<Parameters<typeof writeIPv4>[2]> = {},
): Uint8Array {
  const length = 20 + (fields.optionBytes?.length ?? 0) + payload.length;
  const bytes = new Uint8Array(length);
  const at = writeIPv4(bytes, 0, {
    sourceAddress: parseAddress(v4.source).address,
    destinationAddress: parseAddress(v4.destination).address,
    protocol,
    payloadLength: payload.length,
    ...fields,
  });
  bytes.set(payload, at);
  return bytes;
}

export function ipv6Packet(
  protocol: number,
  payload: Uint8Array,
  nextHeader = protocol,
  extensions = "",
): Uint8Array {
  const extensionBytes = hex(extensions);
  const bytes = new Uint8Array(40 + extensionBytes.length + payload.length);
  const at = writeIPv6(bytes, 0, {
    sourceAddress: parseAddress(v6.source).address,
    destinationAddress: parseAddress(v6.destination).address,
    protocol,
    payloadLength: payload.length,
    nextHeader,
    extensionBytes,
  });
  bytes.set(payload, at);
  return bytes;
}

const ports = { sourcePort: 40000, destinationPort: 50000 };
const udp4 = buildUdp(v4, { ...ports, payload: text("hello") });
const udp6 = buildUdp(v6, { ...ports, payload: text("hello") });

function tcp(
  flags: number,
  payload: Uint8Array,
  options: Parameters<typeof encodeTcpOptions>[0] = [],
) {
  return {
    ...ports,
    sequence: 4_000_000_000,
    acknowledgement: 3_000_000_000,
    flags,
    window: 502,
    urgentPointer: flags & TCP.URG ? 3 : 0,
    optionBytes: encodeTcpOptions(options),
    payload,
  };
}

const syn = [
  { name: "mss", value: 1460 },
  { name: "sackOK" },
  { name: "TS", value: 3_000_000_001, echo: 0 },
  { name: "nop" },
  { name: "wscale", value: 7 },
] as const;
const sack = [
  { name: "nop" },
  { name: "nop" },
  { name: "sack", blocks: [[1, 2], [4_000_000_000, 4_000_001_000]] },
] as const;

const tcp4 = [
  tcp(TCP.SYN, none, syn),
  tcp(TCP.SYN | TCP.ECE | TCP.CWR, none, syn),
  tcp(TCP.SYN | TCP.ACK, none, syn),
  tcp(TCP.ACK, none, [{ name: "nop" }, { name: "nop" }, {
    name: "TS",
    value: 1,
    echo: 2,
  }]),
  tcp(TCP.PSH | TCP.ACK, text("data")),
  tcp(TCP.FIN | TCP.ACK, none),
  tcp(TCP.FIN | TCP.PSH | TCP.URG | TCP.ACK, new Uint8Array(1000)),
  tcp(TCP.RST, none),
  tcp(TCP.RST | TCP.ACK, none),
  tcp(TCP.ACK, none, sack),
  tcp(0, none, [{ name: "unknown", kind: 77, data: hex("0102") }]),
  tcp(TCP.ACK, none, [{ name: "mss", value: 9 }, { name: "eol" }]),
];

function icmp4(type: number, code: number, rest: number, payload: Uint8Array) {
  return buildIcmp(v4, {
    type,
    code,
    identifier: rest >>> 16,
    sequence: rest & 0xffff,
    payload,
  });
}

function icmp6(type: number, code: number, rest: number, payload: Uint8Array) {
  return buildIcmp(v6, {
    type,
    code,
    identifier: rest >>> 16,
    sequence: rest & 0xffff,
    payload,
  });
}

const quoted4 = udp4.subarray(0, 28);
const quotedTcp4 = buildTcp(v4, tcp(TCP.SYN, none)).subarray(0, 28);
const target = parseAddress("fe80::5054:ff:fe12:3456").address;

export const icmpSamples: Uint8Array[] = [
  icmp4(8, 0, 0x10001, new Uint8Array(56)),
  icmp4(0, 0, 0xffff0002, new Uint8Array(56)),
  ...[0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 77].map((code) =>
    icmp4(3, code, 0, quoted4)
  ),
  icmp4(3, 3, 0, quotedTcp4),
  icmp4(3, 3, 0, ipv4Packet(132, new Uint8Array(8))),
  icmp4(3, 4, 1400, quoted4),
  icmp4(3, 4, 0, quoted4),
  ...[0, 1, 2, 3].map((code) => icmp4(5, code, 0x0a0000fe, quoted4)),
  icmp4(4, 0, 0, quoted4),
  icmp4(11, 0, 0, quoted4),
  icmp4(11, 1, 0, quoted4),
  icmp4(11, 2, 0, quoted4),
  icmp4(12, 0, 20 << 24, quoted4),
  icmp4(12, 1, 0, quoted4),
  icmp4(13, 0, 0x10002, new Uint8Array(12)),
  icmp4(10, 0, 0, none),
  icmp4(77, 0, 0, none),
];

export const icmpv6Samples: Uint8Array[] = [
  icmp6(128, 0, 0x10001, new Uint8Array(56)),
  icmp6(129, 0, 0xffff0002, new Uint8Array(56)),
  ...[0, 1, 2, 3, 4].map((code) => icmp6(1, code, 0, udp6)),
  icmp6(1, 4, 0, buildTcp(v6, tcp(TCP.SYN, none))),
  icmp6(2, 0, 1280, udp6),
  icmp6(3, 0, 0, udp6),
  icmp6(3, 1, 0, udp6),
  ...[0, 1, 2, 3, 4].map((code) => icmp6(4, code, 40, udp6)),
  icmp6(133, 0, 0, hex("0101025056000001")),
  icmp6(
    134,
    0,
    0x40c00708,
    hex(`00000000 00000000 0101025056000001 0501000000000514
      030440c0 00015180 00003840 00000000 20010db8000000000000000000000000
      19030000 00000e10 20010db8000000000000000000000053`),
  ),
  icmp6(135, 0, 0, target),
  icmp6(135, 0, 0, new Uint8Array([...target, ...hex("0101025056000001")])),
  icmp6(136, 0, 0x60000000, target),
  icmp6(137, 0, 0, new Uint8Array([...target, ...target])),
  icmp6(131, 0, 0, parseAddress("ff02::fb").address),
  icmp6(132, 0, 0, parseAddress("ff02::fb").address),
  icmp6(130, 0, 1000 << 16, parseAddress("ff02::fb").address),
];

const fragment = new Uint8Array(1480);
fragment.set(udp4.subarray(20, 28));
fragment.set(hex("2710"), 4);

export const ipSamples: Uint8Array[] = [
  udp4,
  udp6,
  buildUdp(v4, { ...ports, payload: none }),
  buildUdp({ ...v6, trafficClass: 3, flowLabel: 0x12345, ttl: 1 }, {
    ...ports,
    payload: new Uint8Array(1400),
  }),
  ...tcp4.map((fields) => buildTcp(v4, fields)),
  ...tcp4.map((fields) => buildTcp(v6, fields)),
  // Fragments: the first, one between, the last.
  ipv4Packet(17, fragment, { identification: 7, moreFragments: true }),
  ipv4Packet(17, fragment, { moreFragments: true, fragmentOffset: 1480 }),
  ipv4Packet(1, new Uint8Array(8), { fragmentOffset: 2960 }),
  // Record route and an end of the list.
  ipv4Packet(17, udp4.subarray(20), {
    optionBytes: hex("07 07 04 00000000 00"),
    dontFragment: true,
  }),
  // Extension headers: hop-by-hop (router alert), destination, routing, AH.
  ipv6Packet(17, udp6.subarray(40), 0, "1100 05020000 0100"),
  ipv6Packet(6, buildTcp(v6, tcp4[4]).subarray(40), 60, "0600 0104 00000000"),
  // With segments left the checksum covers the last of them.
  ipv6Packet(
    58,
    buildIcmp({ ...v6, destination: "2001:db8::99" }, {
      type: 128,
      code: 0,
      identifier: 1,
      sequence: 2,
      payload: new Uint8Array(3),
    }).subarray(40),
    43,
    `3a02 04 01 00 00 0007 20010db8000000000000000000000099`,
  ),
  ipv6Packet(
    17,
    udp6.subarray(40),
    0,
    `3c00 05020000 0100 3300 0104 00000000
     1104 0000 00000100 00000002 0102030405060708090a0b0c`,
  ),
  ipv6Packet(17, fragment, 44, "1100 0001 0000abcd"),
  ipv6Packet(17, fragment, 44, "1100 05c9 0000abcd"),
  ipv6Packet(17, fragment.subarray(0, 100), 44, "1100 0b90 0000abcd"),
  // MLDv2 report behind a hop-by-hop header, as Linux sends it.
  ipv6Packet(
    58,
    icmp6(143, 0, 1, hex("04000000 ff0200000000000000000001ff000001"))
      .subarray(40),
    0,
    "3a00 05020000 0100",
  ),
  ipv6Packet(59, none),
  ipv6Packet(50, hex("00000100 00000001 aabbccdd")),
  ipv4Packet(50, hex("00000100 00000001 aabbccdd")),
  ipv4Packet(253, new Uint8Array(10)),
  ipv6Packet(253, new Uint8Array(10)),
];

const ether = (rest: string) => hex("ffffffffffff 025056000001" + rest);
const arp = (text: string) => ether("0806 0001 0800 06 04" + text);

export const ethernetSamples: Uint8Array[] = [
  ether("0800" + udp4.toHex()),
  ether("86dd" + udp6.toHex()),
  ether("8100 602a 0800" + icmpSamples[0].toHex()),
  ether("88a8 0064 8100 002a 86dd" + icmpv6Samples[0].toHex()),
  // Padded to the least length of a frame.
  ether(
    "0800" + buildUdp(v4, { ...ports, payload: none }).toHex() +
      "00".repeat(18),
  ),
  arp("0001 025056000001 0a000001 000000000000 0a000002"),
  arp("0001 025056000001 0a000001 025056000002 0a000002" + "00".repeat(18)),
  arp("0002 025056000001 0a000001 025056000002 0a000002"),
];
