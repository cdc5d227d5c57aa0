// Packets of protocols beyond IP, ICMP, TCP and UDP: tunnels, link protocols,
// routing protocols, TCP options, and what UDP carries.

import { buildTcp, buildUdp } from "../../../lib/packet/build.ts";
import { TCP } from "../../../lib/packet/tcp.ts";
import { hex, icmpSamples, ipv4Packet, ipv6Packet } from "./samples.ts";

const v4 = { source: "10.0.0.1", destination: "10.0.0.2" };
const v6 = { source: "2001:db8::1", destination: "2001:db8::2" };
const ports = { sourcePort: 40000, destinationPort: 50000 };
const text = (string: string) => new TextEncoder().encode(string);
const inner4 = buildUdp(
  { source: "192.168.0.1", destination: "192.168.0.2" },
  { ...ports, payload: text("hello") },
);
const inner6 = buildUdp(v6, { ...ports, payload: text("hello") });
const innerFrame = hex("020000000002 020000000001 0800" + inner4.toHex());

/** Bytes written in hexadecimal, with packets between them. */
function bytes(...parts: (string | Uint8Array)[]): Uint8Array {
  return hex(
    parts.map((part) => typeof part === "string" ? part : part.toHex()).join(
      "",
    ),
  );
}

/** IP in IP, 6in4 and GRE. */
export const tunnelSamples: Uint8Array[] = [
  ipv4Packet(4, inner4),
  ipv4Packet(41, inner6),
  ipv6Packet(4, inner4),
  ipv6Packet(41, inner6),
  ipv4Packet(4, ipv4Packet(4, icmpSamples[0])),
  ipv4Packet(47, bytes("0000 0800", inner4)),
  ipv4Packet(47, bytes("0000 86dd", inner6)),
  ipv4Packet(47, bytes("2000 0800 0000002a", inner4)),
  ipv4Packet(47, bytes("b000 0800 abcd 0000 0000002a 00000007", inner4)),
  ipv4Packet(47, bytes("0000 6558", innerFrame)),
  ipv4Packet(47, bytes("0000 8847 0003e140", inner4)),
  ipv4Packet(47, bytes("1000 88be 00000001 1001002a 00000000", innerFrame)),
  ipv4Packet(47, bytes("0000 0806")),
  ipv6Packet(47, bytes("2000 0800 0000002a", inner4)),
  // PPTP: with and without payload, with and without address and control.
  ipv4Packet(
    47,
    bytes("3081 880b 0025 1234 00000005 00000006 ff03 0021", inner4),
  ),
  ipv4Packet(47, bytes("2081 880b 0000 1234 00000006")),
  ipv4Packet(47, bytes("3001 880b 000a 1234 00000005 c02101010004")),
  // Behind an authentication header.
  ipv4Packet(
    51,
    bytes("0404 0000 00000100 00000002 0102030405060708090a0b0c", inner4),
  ),
  ipv4Packet(
    51,
    bytes(
      "1104 0000 00000100 00000002 0102030405060708090a0b0c",
      inner4.subarray(20),
    ),
  ),
  ipv6Packet(143, innerFrame),
];

const alert = { optionBytes: hex("94040000"), ttl: 1 };
const sctp = (chunks: string) =>
  ipv4Packet(132, bytes("9c40c350 00000001 00000000", chunks));

/** IGMP, SCTP and the routing protocols. */
export const protocolSamples: Uint8Array[] = [
  ...[
    "1100 eeff 00000000",
    "1164 ee9b 00000000",
    "110a ee9b e0000005",
    "1200 0d04 e00000fb",
    "1600 0904 e00000fb",
    "1700 0804 e00000fb",
    "2200 f902 0000 0001 04000000 e00000fb",
    "2200 0000 0000 0002 04000000 e00000fb 03000001 e00000fc 0a000001",
    "1164 0000 00000000 027d 0000",
    "1114 0000 e00000fb 027d 0001 0a000001",
    "1194 0000 00000000 027d 0000",
    "11ff 0000 00000000 027d 0000",
    "3000 0000 00000000",
  ].map((message) => ipv4Packet(2, hex(message), alert)),
  ...[
    "01000014 00000001 00010000 000a000a 00000001",
    "02000014 00000001 00010000 000a000a 00000001",
    "00030014 00000001 00000000 00000000 61626364",
    "00030017 00000001 00010002 00000033 61626364 65666700" +
    "03000010 00000001 00010000 00000000",
    "00030014 00000001 00000000 00000003 61626364",
    "00030014 00000001 00000000 00000012 61626364",
    "00030014 00000001 00000000 0000003b 61626364",
    "00050011 00000001 00010002 00000033 61000000 0b000004",
    "04000008 00010004",
    "05000008 00010004",
    "06000004",
    "07000008 00000005",
    "08000004",
    "09000004",
    "0a000008 11223344",
    "0b000004",
    "0c000004",
    "0d000008 00000001",
    "0e000004",
    "80000004",
  ].map(sctp),
  ipv6Packet(132, bytes("9c40c350 00000001 00000000 0b000004")),
  ...[1, 2, 3, 4, 5].map((type) =>
    ipv4Packet(89, bytes(`020${type} 0018`, new Uint8Array(20)))
  ),
  ...[1, 2, 3, 4, 5].map((type) =>
    ipv6Packet(89, bytes(`030${type} 0010`, new Uint8Array(12)))
  ),
  ipv4Packet(112, hex("2101 6401 0001 ba52 c0a80001 00000000 00000000")),
  ipv4Packet(
    112,
    hex("2101 ff01 0101 ba52 c0a80001 6162636465666768"),
    { ttl: 255 },
  ),
  ipv4Packet(112, hex("3101 6401 0064 ba52 c0a80001"), { ttl: 255 }),
  ipv6Packet(
    112,
    hex("3101 6401 0064 ba52 fe800000000000000000000000000001"),
  ),
  ...Array.from({ length: 12 }, (_, type) =>
    ipv4Packet(
      103,
      bytes((0x20 + type).toString(16), "00 0000", new Uint8Array(30)),
    )),
  ipv6Packet(103, hex("2000 0000 0001 0002 0069")),
  // Protocols of the other version of IP.
  ipv6Packet(2, hex("1100 eeff 00000000")),
  ipv4Packet(58, hex("80000000 00000000")),
  ipv6Packet(1, hex("0800000000000000")),
];

/** TCP segments with these flags and options. */
function options(flags: number, ...encoded: string[]): Uint8Array[] {
  return encoded.map((option) =>
    buildTcp(v4, {
      ...ports,
      sequence: 1,
      acknowledgement: flags & TCP.ACK ? 2 : 0,
      flags,
      optionBytes: hex(option),
      payload: new Uint8Array(0),
    })
  );
}

/** MPTCP (30), TCP fast open (34) and MD5 signatures (19). */
export const tcpOptionSamples: Uint8Array[] = [
  ...options(
    TCP.SYN,
    "1e0c 0081 0102030405060708",
    "1e04 0181",
    "1e04 0101",
    "1e0c 1005 11223344 55667788",
    "1e0c 1105 11223344 55667788",
    "2202 0101",
    "220a 0102030405060708 0101",
    "1312 000102030405060708090a0b0c0d0e0f 0101",
  ),
  ...options(
    TCP.SYN | TCP.ACK,
    "1e0c 0181 0102030405060708",
    "1e10 1005 1122334455667788 55667788",
    "2206 01020304 0101",
    "2212 000102030405060708090a0b0c0d0e0f 0101",
  ),
  ...options(
    TCP.ACK,
    "1e14 0181 0102030405060708 1112131415161718",
    "1e16 0101 0102030405060708 1112131415161718 05dc 0101",
    "1e18 1000 0102030405060708090a0b0c0d0e0f1011121314",
    "1e08 2001 11223344",
    "1e0c 2003 1122334455667788",
    "1e10 2004 11223344 55667788 0005 beef",
    "1e1c 200f 1122334455667788 f102030405060708 00000001 0010 beef",
    "1e04 2010",
    "1e08 3001 0a000002",
    "1e08 3101 0a000002",
    "1e0a 3001 0a000002 1f90 0101",
    "1e10 3001 0a000002 0102030405060708",
    "1e12 3001 0a000002 1f90 0102030405060708 0101",
    "1e14 3001 20010db8000000000000000000000001",
    "1e1c 3001 20010db8000000000000000000000001 0102030405060708",
    "1e08 3401 0a000002",
    "1e14 3601 20010db8000000000000000000000001",
    "1e04 4003",
    "1e05 4003 04 010101",
    "1e04 5001",
    "1e03 51 01",
    "1e0c 6000 0102030405060708",
    "1e0c 7000 0102030405060708",
    "1e0c 8000 0102030405060708",
  ),
];

const header = "020000000002 020000000001";
const bridge = "0180c2000000 020000000001";
const hello = "8000020000000001 00000000 8000020000000001 8001" +
  "0000 1400 0200 0f00";
const frame = (...parts: (string | Uint8Array)[]) => bytes(header, ...parts);
/** An 802.3 frame: a length in place of the type. */
function lengthFrame(addresses: string, ...parts: (string | Uint8Array)[]) {
  const payload = bytes(...parts);
  const length = payload.length.toString(16).padStart(4, "0");
  return bytes(addresses, length, payload);
}
const session = (payload: Uint8Array) => {
  const length = payload.length.toString(16).padStart(4, "0");
  return frame("8864 1100 0001", length, payload);
};
const arp = "0001 0800 0604 0001 020000000001 0a000001 000000000000 0a000002";

/** VLAN tags, LLC, SNAP, STP, MPLS and PPPoE. */
export const frameSamples: Uint8Array[] = [
  frame("8100 602a 0800", inner4),
  frame("88a8 0064 8100 002a 86dd", inner6),
  frame("88a8 0064 8100 002a 0806", arp),
  frame("9100 0064 8100 002a 0800", inner4),
  lengthFrame(bridge, "424203 0000 00 00 00", hello, new Uint8Array(8)),
  lengthFrame(bridge, "424203 0000 00 00 81", hello, new Uint8Array(8)),
  lengthFrame(bridge, "424203 0000 02 02 3c", hello, "00"),
  lengthFrame(bridge, "424203 0000 02 02 7f", hello, "00"),
  lengthFrame(bridge, "424203 0000 00 80"),
  lengthFrame(
    bridge,
    "424203 0000 03 02 7c",
    hello,
    "00 0040 00",
    new Uint8Array(63),
  ),
  // A Cisco switch's spanning tree of one VLAN.
  lengthFrame(
    "01000ccccccd 020000000001",
    "aaaa03 00000c 010b 0000 00 00 00",
    hello,
  ),
  lengthFrame(header, "aaaa03 000000 0800", inner4),
  lengthFrame(header, "aaaa03 000000 0806", arp),
  lengthFrame(header, "060603", inner4),
  lengthFrame(header, "f0f003 0000"),
  lengthFrame(header, "f0f07f"),
  lengthFrame(header, "f0f1 0102 00"),
  lengthFrame(header, "0000f3"),
  frame("8100 6000", lengthFrame("", "424203 0000 00 80")),
  frame("8847 0003e140", inner4),
  frame("8847 0003e040 0003e140", inner6),
  frame("8847 00000140", inner4),
  frame("8847 00002140", inner6),
  frame("8848 000e0140", inner4),
  frame("8863 1109 0000 0004 01010000"),
  frame("8863 1107 0000 0010 01010000 01020004", text("bras"), "01040000"),
  frame("8863 1119 0000 000c 01010003", text("isp"), "0103000141"),
  frame("8863 1165 0001 000c 01010000 01040004 deadbeef"),
  frame("8863 11a7 0001 0000"),
  session(bytes("0021", inner4)),
  session(bytes("0057", inner6)),
  session(bytes("21", inner4)),
  session(hex("c021 0101 0010 0104 05d4 0506 12345678 0304c023")),
  session(hex("c021 0901 0008 12345678")),
  session(hex("8021 0101 000a 0306 0a000001")),
  session(hex("8057 0101 0004")),
  session(hex("80fd 0101 0004")),
  frame("88cc 0207 04020000000001 0403 056530 0602 0078 0000"),
  frame("88cc 0207 04020000000001 0a09", text("host.name"), "0000"),
  ...["0004", "0005", "0008", "0009", "000a"].map((operation) =>
    frame("0806", arp.replace("0001 020", `${operation} 020`))
  ),
  frame("0806 0001 86dd 06 10 0001", new Uint8Array(44)),
  frame("0806 0025 0825 06 04 0001", new Uint8Array(20)),
  frame("8035 0001 0800 0604 0003 020000000001 00000000 020000000002 00000000"),
];

const question = (name: string, type: number, kind = 1) =>
  bytes(
    ...name.split(".").filter((label) => label !== "").flatMap((label) => [
      label.length.toString(16).padStart(2, "0"),
      text(label),
    ]),
    "00",
    type.toString(16).padStart(4, "0"),
    kind.toString(16).padStart(4, "0"),
  );
const domain = (name: string) => question(name, 0).slice(0, -4);

/** A DNS message with one question and answers about its name. */
function dns(
  flags: number,
  asked: Uint8Array,
  answers: [type: number, data: Uint8Array, kind?: number][] = [],
  counts = "0000 0000",
  rest = "",
): Uint8Array {
  const u16 = (value: number) => value.toString(16).padStart(4, "0");
  return bytes(
    "3039",
    u16(flags),
    "0001",
    u16(answers.length),
    counts,
    asked,
    ...answers.flatMap(([type, data, kind = 1]) => [
      `c00c ${u16(type)} ${u16(kind)} 0000003c ${u16(data.length)}`,
      data,
    ]),
    rest,
  );
}

const address4 = hex("0a000001");
const address6 = hex("20010db8000000000000000000000001");
const optional = "00 0029 04d0 0000 0000 0000";

const messages: Uint8Array[] = [
  dns(0x0100, question("example.com", 1)),
  dns(0x0120, question("example.com", 28), [], "0000 0001", optional),
  dns(0x0110, question("example.com", 65)),
  dns(0x0000, question(".", 2)),
  dns(0x2400, question("z", 6)),
  dns(0x0140, question("x", 255, 255)),
  dns(0x8180, question("example.com", 1), [[1, address4], [1, address4]]),
  dns(0x8580, question("x", 28), [[28, address6]], "0000 0001", optional),
  dns(0x8183, question("nx.com", 1), [], "0001 0000"),
  ...[1, 2, 5, 11].map((rcode) => dns(0x8180 + rcode, question("x", 1))),
  dns(0x8380, question("x", 1)),
  dns(0x81a0, question("x", 5), [[5, domain("y.z")]]),
  dns(0x8180, question("x", 2), [[2, domain("n.s"), 3]]),
  dns(0x8180, question("x", 12), [[12, hex("0170c00c")]]),
  dns(0x8180, question("x", 15), [[15, bytes("000a", domain("m.x"))]]),
  dns(0x8100, question("x", 16), [[16, hex("0568656c6c6f 03616263")]]),
  dns(0x8180, question("x", 33), [
    [33, bytes("000a 0014 0050", domain("t.x"))],
  ]),
  dns(0x8180, question("x", 6), [[6, new Uint8Array(22)]]),
  dns(0x8180, question("x", 43), [[43, new Uint8Array(10)]]),
  dns(0x8180, question("x", 257), [[257, hex("0005 6973737565 61")]]),
  dns(0xa980, question("x", 6)),
];
const multicast: Uint8Array[] = [
  dns(0x0000, question("_ipp._tcp.local", 12)),
  dns(0x0000, question("_ipp._tcp.local", 12, 0x8001)),
  dns(0x0000, question("a.local", 255, 0x8001), [], "0001 0000"),
  dns(0x8400, question("a.local", 1), [[1, address4, 0x8001]]),
];

function bootp(operation: string): Uint8Array {
  const message = new Uint8Array(300);
  message.set(hex(`${operation} 12345678`));
  message.set(hex("020000000001"), 28);
  message.set(
    hex("63825363 350101 32040a000007 36040a000001 330400000e10 ff"),
    236,
  );
  return message;
}

const datagram = (from: number, to: number, payload: Uint8Array) =>
  buildUdp(v4, { sourcePort: from, destinationPort: to, payload });
const datagram6 = (from: number, to: number, payload: Uint8Array) =>
  buildUdp(v6, { sourcePort: from, destinationPort: to, payload });
const segment = (from: number, to: number, payload: Uint8Array) =>
  buildTcp(v4, {
    sourcePort: from,
    destinationPort: to,
    sequence: 1,
    acknowledgement: 2,
    flags: TCP.PSH | TCP.ACK,
    payload,
  });
const afterLength = (message: Uint8Array) =>
  bytes(message.length.toString(16).padStart(4, "0"), message);

const nothing6 = ipv6Packet(59, new Uint8Array(0));

/** DNS, DHCP, NTP, Geneve and HTTP. */
export const applicationSamples: Uint8Array[] = [
  ...messages.map((message) => datagram(40000, 53, message)),
  datagram6(53, 40000, messages[6]),
  ...multicast.map((message) => datagram(5353, 5353, message)),
  segment(40000, 53, afterLength(messages[0])),
  segment(53, 40000, afterLength(messages[6])),
  datagram(68, 67, bootp("010106 00")),
  datagram(67, 68, bootp("020106 00")),
  datagram(67, 68, bootp("030106 00")),
  datagram(68, 67, bootp("010606 00")),
  ...["01", "02", "03", "05", "06", "07", "08", "0b", "ff"].map((type) =>
    datagram6(546, 547, hex(`${type}abcdef`))
  ),
  datagram6(547, 547, bytes("0c00", address6, address6)),
  ...["23", "24", "1b", "25", "11", "22", "26"].map((first) =>
    datagram(123, 123, bytes(first, new Uint8Array(47)))
  ),
  datagram(40000, 6081, bytes("0000 6558 00002a00", innerFrame)),
  datagram(
    40000,
    6081,
    bytes("02c0 6558 00002a00 0102800101020304", innerFrame),
  ),
  datagram(40000, 6081, bytes("0000 86dd 00002a00", nothing6)),
  datagram(40000, 6081, bytes("0000 1234 00002a00", innerFrame)),
  datagram(4500, 4500, hex("00000100 00000001 aabb")),
  datagram(4500, 4500, hex("ff")),
  segment(179, 40000, bytes("ff".repeat(16), "0013 04")),
  segment(40000, 80, text("GET /index.html HTTP/1.1\r\nHost: x\r\n\r\n")),
  segment(80, 40000, text("HTTP/1.0 200 OK\r\nServer: x\r\n\r\nbody")),
  segment(80, 40000, text("the rest of a body\r\n")),
  segment(40000, 8080, text("POST /form")),
];

/** VXLAN, for which tcpdump prints two lines. */
export const vxlanSamples: Uint8Array[] = [
  datagram(40000, 4789, bytes("08000000 00002a00", innerFrame)),
  datagram6(40000, 4789, bytes("88400005 ffffff00", innerFrame)),
];
