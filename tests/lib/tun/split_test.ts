import { assert, assertEquals } from "@std/assert";
import { decodePacket, type Packet } from "../../../lib/packet/decode.ts";
import { describePacket } from "../../../lib/packet/describe.ts";
import { TCP } from "../../../lib/packet/tcp.ts";
import { encodeTcpOptions } from "../../../lib/packet/tcp_option.ts";
import { OffloadHeader } from "../../../lib/tun/offload_header.ts";
import { completeChecksum, SegmentSplitter } from "../../../lib/tun/split.ts";
import { data, split, tcp, udp, unsegmented, v4, v6 } from "./segments.ts";

const timestamps = encodeTcpOptions([
  { name: "nop" },
  { name: "nop" },
  { name: "TS", value: 1, echo: 2 },
]);

function verify({ ip, tcp, udp, malformed }: Packet): void {
  assertEquals(malformed, undefined);
  if (ip!.version === 4) assert(ip!.verifyChecksum());
  assert((tcp ?? udp)!.verifyChecksum(ip!));
}

const ALL = TCP.ACK | TCP.PSH | TCP.FIN | TCP.CWR | TCP.ECE;

// What is sent, the segment size, and the segments: flags and sequence number
// (0xfffffc00 at first) of TCP, length of payload, identification of IPv4.
const table: {
  name: string;
  packet: Uint8Array;
  size: number;
  expected: string[];
}[] = [
  {
    name: "TCP over IPv4, the last one short",
    packet: tcp(v4, data(2500)),
    size: 1000,
    expected: [
      "[.] 4294966272 1000 65534",
      "[.] 4294967272 1000 65535",
      "[.] 976 500 0",
    ],
  },
  {
    name: "TCP over IPv6, sizes that fit",
    packet: tcp(v6, data(2000), { optionBytes: timestamps }),
    size: 1000,
    expected: ["[.] 4294966272 1000 0", "[.] 4294967272 1000 0"],
  },
  {
    name: "TCP flags that belong to the first or the last segment",
    packet: tcp(v4, data(9), { flags: ALL }),
    size: 4,
    expected: [
      "[.EW] 4294966272 4 65534",
      "[.E] 4294966276 4 65535",
      "[FP.E] 4294966280 1 0",
    ],
  },
  {
    name: "TCP that is one segment after all",
    packet: tcp(v6, data(10), { flags: ALL }),
    size: 1440,
    expected: ["[FP.EW] 4294966272 10 0"],
  },
  {
    name: "TCP with no payload",
    packet: tcp(v4, data(0), { flags: TCP.ACK | TCP.SYN }),
    size: 1440,
    expected: ["[S.] 4294966272 0 65534"],
  },
  {
    name: "UDP over IPv4, odd sizes",
    packet: udp(v4, data(25)),
    size: 11,
    expected: ["UDP 11 65534", "UDP 11 65535", "UDP 3 0"],
  },
  {
    name: "UDP over IPv6",
    packet: udp(v6, data(200)),
    size: 100,
    expected: ["UDP 100 0", "UDP 100 0"],
  },
];

function summary(packet: Packet): string {
  const line = describePacket(packet);
  const { ip, tcp, udp } = packet;
  const flags = line.match(/\[[^\]]*\]/)?.[0];
  return tcp
    ? `${flags} ${tcp.sequence} ${tcp.payloadLength} ${ip!.identification}`
    : `UDP ${udp!.payloadLength} ${ip!.identification}`;
}

for (const { name, packet, size, expected } of table) {
  Deno.test(`split: ${name}`, () => {
    const segments = split(unsegmented(packet, size)).map((hex) =>
      decodePacket(Uint8Array.fromHex(hex))
    );
    assertEquals(segments.map(summary), expected);
    segments.forEach(verify);
    const whole = decodePacket(packet);
    assertEquals(
      segments.map(({ tcp, udp }) => (tcp ?? udp)!.payload.toHex()).join(""),
      (whole.tcp ?? whole.udp)!.payload.toHex(),
    );
    for (const { ip, tcp } of segments) {
      const { ip: before } = whole;
      assertEquals(ip!.ttl, before!.ttl);
      assertEquals(ip!.trafficClass, before!.trafficClass);
      assertEquals(ip!.source, before!.source);
      assertEquals(ip!.destination, before!.destination);
      if (!tcp) continue;
      assertEquals(tcp.acknowledgement, 7);
      assertEquals(tcp.window, 500);
      assertEquals(tcp.optionBytes.toHex(), whole.tcp!.optionBytes.toHex());
    }
  });
}

Deno.test("split: IPv6 with extension headers", () => {
  const packet = tcp(v6, data(30));
  const bytes = unsegmented(packet, 10);
  // A destination header of 8 bytes between, and the places moved behind it.
  const longer = new Uint8Array(bytes.length + 8);
  longer.set(bytes.subarray(0, 50));
  longer.set([6, 0, 1, 4, 0, 0, 0, 0], 50);
  longer.set(bytes.subarray(50), 58);
  longer[6] += 8;
  longer[10 + 6] = 60;
  const segments = split(longer).map((hex) =>
    decodePacket(Uint8Array.fromHex(hex))
  );
  assertEquals(segments.length, 3);
  segments.forEach(verify);
  assertEquals(segments.map(({ ip }) => ip!.payloadLength), [30, 30, 30]);
});

Deno.test("split: a frame of a TAP device", () => {
  const ethernet = "02000000000202000000000108" + "00";
  const bytes = unsegmented(tcp(v4, data(30)), 10);
  const frame = new Uint8Array(bytes.length + 14);
  frame.set(bytes.subarray(0, 10));
  frame.set(Uint8Array.fromHex(ethernet), 10);
  frame.set(bytes.subarray(10), 24);
  frame[6] += 14;
  assertEquals(
    split(frame, 14),
    split(bytes).map((segment) => ethernet + segment),
  );
});

Deno.test("split: a packet that stays whole, its checksum completed", () => {
  for (
    const packet of [
      tcp(v4, data(5)),
      tcp(v6, data(6)),
      udp(v4, data(7)),
      udp(v6, data(0)),
    ]
  ) {
    const bytes = unsegmented(packet, 0);
    bytes[1] = 0;
    assertEquals(split(bytes), [packet.toHex()]);
    // The same where it is.
    const header = new OffloadHeader();
    header.read(bytes, 0);
    const copy = bytes.slice();
    assert(completeChecksum(copy, 10, copy.length, header));
    assertEquals(copy.subarray(10).toHex(), packet.toHex());
    const splitter = new SegmentSplitter();
    assertEquals(splitter.begin(bytes, 10, bytes.length, header), 1);
    assertEquals(splitter.write(0, bytes, 10), packet.length);
    assertEquals(bytes.subarray(10).toHex(), packet.toHex());
    // And one where nothing is left to do.
    bytes.fill(0, 0, 10);
    assertEquals(split(bytes), [packet.toHex()]);
  }
});

Deno.test("split: a UDP checksum that comes out as zero is ffff", () => {
  const packet = udp(v6, new Uint8Array([0, 0]));
  const { checksum } = decodePacket(packet).udp!;
  // With its own checksum as payload the sum of everything is all ones.
  const payload = new Uint8Array([checksum >> 8, checksum & 255]);
  const bytes = unsegmented(udp(v6, new Uint8Array([...payload, 1, 2])), 2);
  const [first] = split(bytes);
  assertEquals(decodePacket(Uint8Array.fromHex(first)).udp!.checksum, 0xffff);
});

Deno.test("split: segments in any order, into the array of the packet", () => {
  const packet = unsegmented(tcp(v4, data(3500)), 1000);
  const expected = split(packet);
  const bytes = new Uint8Array(10_000);
  bytes.set(packet);
  const header = new OffloadHeader();
  header.read(bytes, 0);
  const splitter = new SegmentSplitter();
  assertEquals(splitter.begin(bytes, 10, packet.length, header), 4);
  for (const index of [2, 0, 3, 1, 0]) {
    const at = 4001 + index;
    const length = splitter.write(index, bytes, at);
    assertEquals(bytes.subarray(at, at + length).toHex(), expected[index]);
  }
});

const malformed: [string, (bytes: Uint8Array) => void, string][] = [
  ["an unknown kind", (b) => b[1] = 3, "segmentation of type 3"],
  ["a kind that is none", (b) => b[1] = 0x80, "segmentation of type 128"],
  [
    "a size of 0",
    (b) => b.fill(0, 4, 6),
    "segments of 0 bytes in a packet of 70 bytes",
  ],
  [
    "IPv6 in a packet for TCP over IPv4",
    (b) => b[10] = 0x65,
    "tcp4 segmentation of IP version 6, transport header at 20",
  ],
  [
    "IPv4 in a packet for TCP over IPv6",
    (b) => b[1] = 4,
    "tcp6 segmentation of IP version 4, transport header at 20",
  ],
  [
    "a transport header where the IP header is",
    (b) => b[6] = 19,
    "transport header at 19 of a packet of 70 bytes",
  ],
  [
    "a transport header that the IP header does not end at",
    (b) => b[6] = 24,
    "tcp4 segmentation of IP version 4, transport header at 24",
  ],
  [
    "a transport header past the end",
    (b) => b[6] = 51,
    "transport header at 51 of a packet of 70 bytes",
  ],
  [
    "a TCP header that is too short",
    (b) => b[10 + 32] = 0x40,
    "headers of 36 bytes in a packet of 70 bytes",
  ],
  [
    "a TCP header past the end",
    (b) => b[10 + 32] = 0xf0,
    "headers of 80 bytes in a packet of 70 bytes",
  ],
];

for (const [name, change, expected] of malformed) {
  Deno.test(`split: refuses ${name}`, () => {
    const bytes = unsegmented(tcp(v4, data(30)), 10);
    change(bytes);
    assertEquals(split(bytes), [expected]);
  });
}

Deno.test("split: refuses a checksum outside the packet", () => {
  const header = new OffloadHeader();
  header.flags = 1;
  header.checksumStart = 20;
  header.checksumOffset = 7;
  const bytes = new Uint8Array(28);
  const splitter = new SegmentSplitter();
  assertEquals(splitter.begin(bytes, 0, 28, header), 0);
  assertEquals(splitter.malformed, "checksum at 27 of a packet of 28 bytes");
  assertEquals(completeChecksum(bytes, 0, 28, header), false);
  assertEquals(bytes, new Uint8Array(28));
  header.checksumOffset = 6;
  assertEquals(splitter.begin(bytes, 0, 28, header), 1);
  assertEquals(splitter.malformed, undefined);
});

Deno.test("split: refuses segments longer than IPv4 can say", () => {
  const bytes = new Uint8Array(10 + 70_000);
  bytes.set(unsegmented(tcp(v4, data(0)), 0xffff));
  assertEquals(split(bytes), [
    "segments of 65535 bytes in a packet of 70000 bytes",
  ]);
  bytes.set([0xd7, 0xff], 4);
  assertEquals(split(bytes).length, 2);
});

Deno.test("the offload header is written as it was read", () => {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const header = new OffloadHeader();
  header.read(bytes, 3);
  const out = new Uint8Array(16).fill(0xee);
  header.write(out, 2);
  assertEquals(out.subarray(2, 12), bytes.subarray(3, 13));
  assertEquals(out[12], 0xee);
  header.write(out, 2, 12);
  assertEquals(out.subarray(12).toHex(), "0000eeee");
  header.clear();
  header.write(out, 0, 12);
  assertEquals(out.subarray(0, 12), new Uint8Array(12));
  assertEquals([header.segmentation, header.needsChecksum], ["none", false]);
});
