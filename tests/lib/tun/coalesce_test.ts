import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { buildIcmp } from "../../../lib/packet/build.ts";
import { checksum, checksumUpdate } from "../../../lib/net/checksum.ts";
import { TCP } from "../../../lib/packet/tcp.ts";
import { encodeTcpOptions } from "../../../lib/packet/tcp_option.ts";
import { type CoalesceOptions, Coalescer } from "../../../lib/tun/coalesce.ts";
import { OffloadHeader } from "../../../lib/tun/offload_header.ts";
import {
  coalesce,
  data,
  listOf,
  split,
  tcp,
  udp,
  unsegmented,
  v4,
  v6,
} from "./segments.ts";

/** Packets of a TCP flow, one behind the other. */
function flow(
  envelope: typeof v4 | typeof v6,
  lengths: number[],
  fields: Parameters<typeof tcp>[2] = {},
): Uint8Array[] {
  let sequence = fields.sequence ?? 0xfffffc00;
  return lengths.map((length, i) => {
    const packet = tcp(
      { ...envelope, identification: i },
      data(length, i),
      { ...fields, sequence },
    );
    sequence = (sequence + length) >>> 0;
    return packet;
  });
}

/** Changes bytes of a packet and makes its IPv4 header checksum right again. */
function changed(packet: Uint8Array, changes: Record<number, number>) {
  const copy = packet.slice();
  for (const [at, value] of Object.entries(changes)) copy[Number(at)] = value;
  if (copy[0] >> 4 === 4) {
    const length = (copy[0] & 15) * 4;
    copy.fill(0, 10, 12);
    const sum = checksum(copy, 0, length);
    copy.set([sum >> 8, sum & 255], 10);
  }
  return copy;
}

const [a, b, c] = flow(v4, [100, 100, 100]);
const pure = tcp(v4, data(0), { sequence: 0xfffffc64 });
const datagrams = [1, 2, 3].map((seed) => udp(v4, data(100, seed)));
const withFragment = (packet: Uint8Array) => changed(packet, { 6: 0x20, 7: 0 });

// How many packets each run has, in the order in which they are written.
const table: [
  name: string,
  packets: Uint8Array[],
  sizes: number[],
  options?: CoalesceOptions,
][] = [
  ["nothing", [], []],
  ["one packet", [a], [1]],
  ["TCP that goes on", [a, b, c], [3]],
  ["TCP over IPv6", flow(v6, [100, 100, 50]), [3]],
  ["a short segment ends a run", flow(v4, [100, 50, 50]), [2, 1]],
  ["a longer segment starts one", flow(v4, [50, 100, 100]), [1, 2]],
  ["a gap in the sequence", [a, c], [1, 1]],
  ["the same segment twice", [a, a], [1, 1]],
  ["segments in the wrong order", [b, a], [1, 1]],
  ["the sequence goes on past 2^32", flow(v4, Array(20).fill(100)), [20]],
  ["an acknowledgement between", [a, pure, b], [1, 1, 1]],
  ["a push ends a run", [
    a,
    tcp(v4, data(100), { sequence: 0xfffffc64, flags: TCP.ACK | TCP.PSH }),
    c,
  ], [2, 1]],
  ["a push at first", [
    tcp(v4, data(100), { sequence: 0xfffffc00, flags: TCP.ACK | TCP.PSH }),
    b,
    c,
  ], [1, 2]],
  ["a fin ends a run", [
    a,
    tcp(v4, data(10), { sequence: 0xfffffc64, flags: TCP.ACK | TCP.FIN }),
  ], [2]],
  ...[TCP.SYN, TCP.RST, TCP.URG, TCP.ECE, TCP.CWR, TCP.AE].map((
    flag,
  ): [string, Uint8Array[], number[]] => [
    `flag ${flag} stands alone`,
    [a, tcp(v4, data(100), { sequence: 0xfffffc64, flags: TCP.ACK | flag }), c],
    [1, 1, 1],
  ]),
  ["no acknowledgement", [
    tcp(v4, data(9), { flags: 0 }),
    tcp(v4, data(9), { flags: 0, sequence: 0xfffffc09 }),
  ], [1, 1]],
  ["another acknowledgement number", [
    a,
    tcp(v4, data(100), { sequence: 0xfffffc64, acknowledgement: 8 }),
  ], [1, 1]],
  ["another window", [
    a,
    tcp(v4, data(100), { sequence: 0xfffffc64, window: 501 }),
  ], [1, 1]],
  ["another time stamp", [
    tcp(v4, data(100), {
      optionBytes: encodeTcpOptions([{ name: "TS", value: 1, echo: 2 }]),
    }),
    tcp(v4, data(100), {
      sequence: 0xfffffc64,
      optionBytes: encodeTcpOptions([{ name: "TS", value: 2, echo: 2 }]),
    }),
  ], [1, 1]],
  ["options and none", [
    a,
    tcp(v4, data(100), {
      sequence: 0xfffffc64,
      optionBytes: encodeTcpOptions([{ name: "mss", value: 1 }]),
    }),
  ], [1, 1]],
  ["another TTL", [a, changed(b, { 8: 63 })], [1, 1]],
  ["another traffic class", [a, changed(b, { 1: 3 })], [1, 1]],
  ["fragmenting forbidden and allowed", [a, changed(b, { 6: 0 })], [1, 1]],
  ["identifications that do not count, allowed to be fragmented", [
    changed(a, { 6: 0, 5: 7 }),
    changed(b, { 6: 0, 5: 9 }),
  ], [1, 1]],
  ["identifications that count, allowed to be fragmented", [
    changed(a, { 6: 0, 4: 255, 5: 255 }),
    changed(b, { 6: 0, 4: 0, 5: 0 }),
  ], [2]],
  ["another hop limit", [
    flow(v6, [9])[0],
    changed(flow(v6, [9, 9])[1], { 7: 1 }),
  ], [1, 1]],
  ["another flow label", [
    flow(v6, [9])[0],
    changed(flow(v6, [9, 9])[1], { 3: 1 }),
  ], [1, 1]],
  ["two flows in turn", [
    a,
    tcp({ ...v4, destination: "10.2.0.3" }, data(100)),
    b,
    tcp({ ...v4, destination: "10.2.0.3" }, data(100), {
      sequence: 0xfffffc64,
    }),
    ...flow(v6, [10, 10]),
  ], [2, 2, 2]],
  ["the same ports of UDP and TCP", [a, datagrams[0], b, datagrams[1]], [2, 2]],
  ["other ports", [
    a,
    tcp(v4, data(100), { sequence: 0xfffffc64, sourcePort: 40001 }),
  ], [1, 1]],
  ["UDP", datagrams, [3]],
  ["UDP where it is not wanted", datagrams, [1, 1, 1], { udp: false }],
  ["UDP over IPv6, the last one short", [
    udp(v6, data(100)),
    udp(v6, data(99)),
    udp(v6, data(99)),
  ], [2, 1]],
  ["UDP with nothing in it", [udp(v4, data(0)), udp(v4, data(0))], [1, 1]],
  [
    "no more datagrams than the kernel takes",
    Array.from({ length: 70 }, (_, i) => udp(v4, data(9, i))),
    [64, 6],
  ],
  ["no more bytes than IP can say", flow(v4, Array(50).fill(1400)), [46, 4]],
  [
    "UDP without a checksum",
    datagrams.map((d) => changed(d, { 26: 0, 27: 0 })),
    [
      1,
      1,
      1,
    ],
  ],
  [
    "UDP without a checksum, trusted",
    datagrams.map((d) => changed(d, { 26: 0, 27: 0 })),
    [1, 1, 1],
    { trusted: true },
  ],
  ["a wrong checksum at first", [changed(a, { 60: 0 }), b, c], [1, 2]],
  ["a wrong checksum behind", [a, changed(b, { 60: 0 }), c], [1, 1, 1]],
  ["a wrong IPv4 header checksum", [a, b.map((x, i) => i === 10 ? ~x : x)], [
    1,
    1,
  ]],
  ["wrong checksums that are trusted", [a, changed(b, { 60: 0 }), c], [3], {
    trusted: true,
  }],
  ["a fragment between", [a, withFragment(datagrams[0]), b], [1, 1, 1]],
  ["options of IPv4 between", [
    a,
    changed(
      new Uint8Array([...a.subarray(0, 20), 1, 1, 1, 0, ...a.subarray(20)]),
      {
        0: 0x46,
        3: 144,
      },
    ),
    b,
  ], [1, 1, 1]],
  ["an extension header between", [
    ...flow(v6, [9]),
    changed(flow(v6, [9])[0], { 6: 0 }),
    flow(v6, [9, 9])[1],
  ], [1, 1, 1]],
  ["a ping between", [
    a,
    buildIcmp(v4, {
      type: 8,
      code: 0,
      identifier: 1,
      sequence: 1,
      payload: data(8),
    }),
    b,
  ], [2, 1]],
  ["bytes behind a packet", [a, new Uint8Array([...b, 0]), c], [1, 1, 1]],
  ["nonsense", [
    new Uint8Array([0x45]),
    new Uint8Array(60),
    new Uint8Array([0x60, ...new Uint8Array(39)]),
    a,
    new Uint8Array(0),
    b,
  ], [1, 1, 1, 2]],
];

for (const [name, packets, sizes, options] of table) {
  Deno.test(`coalesce: ${name}`, () => {
    const coalescer = new Coalescer(options);
    const count = coalescer.plan(listOf(packets));
    assertEquals(
      Array.from({ length: count }, (_, run) => coalescer.size(run)),
      sizes,
    );
  });
}

/** A packet without the identification, where that means nothing. */
function plain(hex: string): string {
  const packet = Uint8Array.fromHex(hex);
  const isFixed = packet[0] === 0x45 && (packet[6] & 0x40) !== 0;
  if (packet.length < 20 || !isFixed) return hex;
  // A wrong header checksum stays wrong.
  const identification = packet[4] << 8 | packet[5];
  const sum = packet[10] << 8 | packet[11];
  const updated = checksumUpdate(sum, identification, 0);
  packet.set([0, 0], 4);
  packet.set([updated >> 8, updated & 255], 10);
  return packet.toHex();
}

Deno.test("coalesce: what is split again is what went in", () => {
  for (const [name, packets, , options] of table) {
    // Where checksums are not looked at, they come out right.
    if (options?.trusted) continue;
    const again = coalesce(packets, options).flatMap((run) => split(run));
    assertEquals(
      again.map(plain).sort(),
      packets.filter(({ length }) => length > 0).map((p) => plain(p.toHex()))
        .sort(),
      name,
    );
  }
});

Deno.test("coalesce: the packet is the one that would be split", () => {
  for (
    const [packet, size] of [
      [tcp(v4, data(2500), { flags: TCP.ACK | TCP.PSH }), 1000],
      [tcp(v6, data(2500)), 999],
      [udp(v4, data(2500)), 100],
      [udp(v6, data(2500)), 1400],
    ] as const
  ) {
    const bytes = unsegmented(packet, size);
    const segments = split(bytes).map((hex) => Uint8Array.fromHex(hex));
    const runs = coalesce(segments);
    assertEquals(runs.map((run) => run.toHex()), [bytes.toHex()]);
  }
});

Deno.test("coalesce: a run may grow where its first packet is", () => {
  // Slots with space behind each packet, as those of a device's batch.
  const packets = [...flow(v4, [100, 100, 50]), udp(v6, data(9))];
  const stride = 600;
  const list = {
    bytes: new Uint8Array(stride * packets.length),
    count: packets.length,
    start: (i: number) => i * stride + 16,
    length: (i: number) => packets[i].length,
  };
  packets.forEach((packet, i) => list.bytes.set(packet, list.start(i)));
  const coalescer = new Coalescer();
  assertEquals(coalescer.plan(list), 2);
  const written = [0, 1].map((run) => {
    const at = list.start(coalescer.first(run)) - 12;
    const length = coalescer.write(run, list.bytes, at, 12);
    return list.bytes.slice(at, at + length);
  });
  assertEquals(
    written.map((bytes) => bytes.toHex()),
    coalesce(packets).map((bytes) => {
      const hex = bytes.toHex();
      return hex.slice(0, 20) + "0000" + hex.slice(20);
    }),
  );
});

Deno.test("coalesce: frames of a TAP device", () => {
  const header = "020000000002020000000001";
  const frame = (packet: Uint8Array, start = header, type = "0800") =>
    Uint8Array.fromHex(start + type + packet.toHex());
  const frames = [a, b, c].map((packet) => frame(packet));
  const [run, ...others] = coalesce(frames, { ipOffset: 14 });
  assertEquals(others.length, 0);
  assertEquals(
    split(run, 14).map((hex) => plain(hex.slice(28))),
    [a, b, c].map((packet) => plain(packet.toHex())),
  );
  const parsed = new OffloadHeader();
  parsed.read(run, 0);
  assertEquals(
    [parsed.headerLength, parsed.checksumStart, parsed.segmentSize],
    [54, 34, 100],
  );
  const sizes = (frames: Uint8Array[]) => {
    const coalescer = new Coalescer({ ipOffset: 14 });
    const count = coalescer.plan(listOf(frames));
    return Array.from({ length: count }, (_, i) => coalescer.size(i));
  };
  // From another machine, with a tag, of another protocol, cut.
  const other = "020000000002020000000009";
  assertEquals(sizes([frames[0], frame(b, other)]), [1, 1]);
  assertEquals(sizes([frames[0], frame(b, header + "81000001"), frames[1]]), [
    1,
    1,
    1,
  ]);
  assertEquals(sizes([frames[0], frame(b, header, "88b5"), frames[1]]), [2, 1]);
  assertEquals(sizes([frames[0], frames[1].subarray(0, 13)]), [1, 1]);
});

Deno.test("coalesce: any mixture keeps every packet and the order in a flow", () => {
  const step = fc.record({
    flow: fc.nat(3),
    length: fc.constantFrom(0, 10, 10, 10, 7, 12),
    flags: fc.constantFrom(
      TCP.ACK,
      TCP.ACK,
      TCP.ACK,
      TCP.ACK | TCP.PSH,
      TCP.ACK | TCP.FIN,
      TCP.ACK | TCP.ECE,
    ),
    lost: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const next = [0, 0xfffffff0, 5, 6];
      const packets = steps.map(({ flow, length, flags, lost }, i) => {
        const envelope = flow % 2 ? v6 : { ...v4, identification: i };
        const sourcePort = 1000 + flow;
        if (flow === 3) return udp(envelope, data(length, i), sourcePort);
        const sequence = next[flow];
        if (!lost || i % 4) next[flow] = (sequence + length) >>> 0;
        return tcp(envelope, data(length, i), { sourcePort, sequence, flags });
      });
      const again = coalesce(packets).flatMap((run) => split(run));
      const ofFlow = (packets: string[], flow: number) =>
        packets.filter((hex) => {
          const at = hex[0] === "4" ? 40 : 80;
          return parseInt(hex.slice(at, at + 4), 16) === 1000 + flow;
        }).map(plain);
      for (const flow of [0, 1, 2, 3]) {
        assertEquals(
          ofFlow(again, flow),
          ofFlow(packets.map((packet) => packet.toHex()), flow),
        );
      }
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("coalesce: any bytes go through", () => {
  const bytes = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 80 }),
    fc.tuple(
      fc.constantFrom(a, b, ...flow(v6, [9, 9]), ...datagrams),
      fc.nat(60),
      fc.nat(255),
    )
      .map(([packet, at, value]) =>
        packet.map((byte, i) => i === at ? value : byte)
      ),
  );
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 10 }), (packets) => {
      const again = coalesce(packets).flatMap((run) => split(run));
      assertEquals(
        again.map(plain).sort(),
        packets.map((packet) => plain(packet.toHex())).sort(),
      );
    }),
    { numRuns: 5_000 },
  );
});

Deno.test("split: any header and bytes give segments or a reason", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 10, maxLength: 10 }),
      fc.constantFrom(a, ...flow(v6, [50]), datagrams[0], new Uint8Array(5)),
      fc.array(fc.tuple(fc.nat(80), fc.nat(255)), { maxLength: 4 }),
      (header, packet, changes) => {
        header[1] %= 6;
        header[7] = 0;
        header[6] %= 60;
        const bytes = new Uint8Array(300).fill(0xee);
        bytes.set(header, 100);
        bytes.set(packet, 110);
        for (const [at, value] of changes) bytes[110 + at] = value;
        const read = bytes.subarray(100, 110 + packet.length);
        const segments = split(read);
        assert(segments.length > 0);
      },
    ),
    { numRuns: 10_000 },
  );
});
