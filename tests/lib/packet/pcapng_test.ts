import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { ArgumentError } from "../../../lib/errors.ts";
import { PcapngEncoder } from "../../../lib/packet/pcapng.ts";
import { PcapngWriter } from "../../../lib/packet/pcapng_writer.ts";
import { readPcap, tsharkFields, withFile } from "../../support/capture.ts";
import { run } from "../../support/netns.ts";
import { ethernetSamples, ipSamples } from "./samples.ts";

const FIELDS = [
  "frame.interface_id",
  "frame.interface_name",
  "frame.time_epoch",
  "frame.len",
  "frame.cap_len",
  "frame.packet_flags_direction",
  "frame.protocols",
];

Deno.test("tshark reads interfaces, times, lengths and directions", async () => {
  const encoder = new PcapngEncoder();
  const tun = encoder.addInterface({ linkType: "ip", name: "tun0" });
  const tap = encoder.addInterface({
    linkType: "ethernet",
    name: "tap ☂",
    snapLength: 30,
  });
  const [packet, frame] = [ipSamples[0], ethernetSamples[0]];
  encoder.addPacket(tun, 0, 1, packet);
  encoder.addPacket(tap, 1_700_000_000, 123_456_789, frame, "in");
  encoder.addPacket(tun, 4_294_967_295, 999_999_999, packet, "out");
  encoder.addPacket(tun, 1_234_567_890, 0, packet, undefined, 9000);
  const rows = await tsharkFields(encoder.take(), FIELDS);
  const length = String(packet.length);
  assertEquals(rows.map((row) => row.slice(0, 6)), [
    ["0", "tun0", "0.000000001", length, length, ""],
    [
      "1",
      "tap ☂",
      "1700000000.123456789",
      String(frame.length),
      "30",
      "0x00000001",
    ],
    ["0", "tun0", "4294967295.999999999", length, length, "0x00000002"],
    ["0", "tun0", "1234567890.000000000", "9000", length, ""],
  ]);
  assert(rows[0][6].startsWith("raw:ip:udp"));
  assert(rows[1][6].startsWith("eth:ethertype:ip"));
});

/** What editcap makes of the file in the older pcap format, packet by packet. */
async function rewritten(file: Uint8Array): Promise<Uint8Array[]> {
  const pcap = await withFile(file, async (path) => {
    const converted = `${path}.pcap`;
    try {
      await run("editcap", ["-F", "nsecpcap", path, converted]);
      return await Deno.readFile(converted);
    } finally {
      await Deno.remove(converted);
    }
  });
  return readPcap(pcap);
}

Deno.test("packets come out byte for byte, of any length", async () => {
  const encoder = new PcapngEncoder();
  const id = encoder.addInterface({ linkType: "ip" });
  const packets: Uint8Array[] = [];
  // Enough that the buffer has to grow, some larger than it was.
  for (const length of [0, 1, 2, 3, 4, 5, 1499, 65535, 3, 200_000, 65537]) {
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i += 65536) {
      crypto.getRandomValues(bytes.subarray(i, i + 65536));
    }
    packets.push(bytes);
    encoder.addPacket(id, packets.length, 0, bytes);
  }
  const read = await rewritten(encoder.take());
  assertEquals(read.map((p) => p.length), packets.map((p) => p.length));
  packets.forEach((packet, i) => {
    assert(packet.every((byte, j) => byte === read[i][j]), `packet ${i}`);
  });
});

Deno.test("tshark reads any times, lengths and names as they were written", async () => {
  const nanoseconds = fc.nat(999_999_999);
  const packet = fc.record({
    on: fc.nat(2),
    seconds: fc.integer({ min: 0, max: 0xffffffff }),
    nanoseconds,
    bytes: fc.uint8Array({ maxLength: 300 }),
    direction: fc.constantFrom(undefined, "in" as const, "out" as const),
    more: fc.nat(5000),
  });
  const name = fc.string({
    unit: fc.constantFrom(..."abcXYZ019-_.☂é "),
    minLength: 1,
    maxLength: 40,
  });
  const [names] = fc.sample(fc.tuple(name, name, name), 1);
  const packets = fc.sample(packet, 500);
  const encoder = new PcapngEncoder();
  const ids = names.map((name) =>
    encoder.addInterface({ linkType: "ip", name })
  );
  for (const { on, seconds, nanoseconds, bytes, direction, more } of packets) {
    const length = bytes.length + more;
    encoder.addPacket(
      ...[ids[on], seconds, nanoseconds, bytes, direction, length] as const,
    );
  }
  const file = encoder.take();
  const rows = await tsharkFields(file, FIELDS.slice(0, 6));
  const flags = { in: "0x00000001", out: "0x00000002", undefined: "" };
  assertEquals(
    rows,
    packets.map(({ on, seconds, nanoseconds, bytes, direction, more }) => [
      `${on}`,
      names[on],
      `${seconds}.${String(nanoseconds).padStart(9, "0")}`,
      `${bytes.length + more}`,
      `${bytes.length}`,
      flags[`${direction}`],
    ]),
  );
  const read = await rewritten(file);
  assertEquals(
    read.map((it) => it.toHex()),
    packets.map(({ bytes }) => bytes.toHex()),
  );
});

Deno.test("capinfos reads the section, the interface and its counters", async () => {
  const encoder = new PcapngEncoder({
    hardware: "x86_64",
    os: "Linux 6.1",
    application: "netplumb",
  });
  const id = encoder.addInterface({
    linkType: "ip",
    name: "tun0",
    description: "a test",
    os: "Linux",
    snapLength: 4096,
  });
  encoder.addPacket(id, 1_700_000_000, 5, ipSamples[0]);
  encoder.addStatistics(id, 1_700_000_010, 7, {
    start: { seconds: 1_700_000_000, nanoseconds: 0 },
    end: { seconds: 1_700_000_010, nanoseconds: 7 },
    received: 5_000_000_001,
    dropped: 4,
  });
  const bytes = encoder.take();
  const text = await withFile(bytes, (path) => run("capinfos", [path]));
  for (
    const line of [
      "File encapsulation:  Raw IP",
      "File timestamp precision:  nanoseconds (9)",
      "Number of packets:   1",
      "Capture hardware:    x86_64",
      "Capture oper-sys:    Linux 6.1",
      "Capture application: netplumb",
      "Name = tun0",
      "Description = a test",
      "Operating system = Linux",
      "Capture length = 4096",
      "Time precision = nanoseconds (9)",
      "Number of stat entries = 1",
    ]
  ) assert(text.includes(line), `${line} in\n${text}`);
  // capinfos does not print the counters: reading them is left to a reader of
  // the block alone, type 5.
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const blocks: number[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = view.getUint32(at + 4, true);
    assertEquals(view.getUint32(at + length - 4, true), length);
    blocks.push(view.getUint32(at, true));
    at += length;
    if (blocks.at(-1) !== 5) continue;
    const block = bytes.subarray(at - length, at).toHex();
    assert(block.includes("0400" + "0800" + "01f2052a01000000"), block);
    assert(block.includes("0500" + "0800" + "0400000000000000"), block);
  }
  assertEquals(blocks, [0x0a0d0d0a, 1, 6, 5]);
});

Deno.test("an interface that was not described is refused", () => {
  const encoder = new PcapngEncoder();
  assertThrows(
    () => encoder.addPacket(0, 0, 0, ipSamples[0]),
    ArgumentError,
    "interfaceId",
  );
  assertThrows(() => encoder.addStatistics(0, 0, 0, {}), ArgumentError);
});

Deno.test("a writer with a file that writes little at a time", async () => {
  const written: number[] = [];
  const sink = {
    write(bytes: Uint8Array): Promise<number> {
      const count = Math.min(7, bytes.length);
      written.push(...bytes.subarray(0, count));
      return Promise.resolve(count);
    },
  };
  const writer = new PcapngWriter(sink);
  const id = writer.addInterface({ linkType: "ip" });
  const flushes: Promise<void>[] = [];
  ipSamples.forEach((packet, i) => {
    // Packets added while earlier ones are being written.
    writer.addPacket(id, i, 0, packet);
    if (i % 3 === 0) flushes.push(writer.flush());
  });
  flushes.push(writer.flush());
  await Promise.all(flushes);
  assertEquals(writer.pending, 0);
  const rows = await tsharkFields(new Uint8Array(written), ["frame.len"]);
  assertEquals(
    rows.map(([length]) => Number(length)),
    ipSamples.map((p) => p.length),
  );
});

Deno.test("a writer on a stream copies what it writes", async () => {
  const chunks: Uint8Array[] = [];
  const stream = new WritableStream<Uint8Array>({
    write: (chunk) => void chunks.push(chunk),
  });
  const writer = new PcapngWriter(stream, { application: "test" });
  const id = writer.addInterface({ linkType: "ip" });
  for (let i = 0; i < 3; i++) {
    writer.addPacket(id, i, 0, ipSamples[i]);
    await writer.flush();
  }
  assertEquals(chunks.length, 3);
  await stream.close();
  const file = new Uint8Array(await new Blob(chunks as BlobPart[]).bytes());
  assertEquals((await tsharkFields(file, ["frame.len"])).length, 3);
});

Deno.test("a failed write rejects the flush that made it", async () => {
  let broken = true;
  const writer = new PcapngWriter({
    write: (bytes) =>
      broken
        ? Promise.reject(new Error("no space left"))
        : Promise.resolve(bytes.length),
  });
  await assertRejects(() => writer.flush(), Error, "no space left");
  broken = false;
  await writer.flush();
  const full = new PcapngWriter({ write: () => Promise.resolve(0) });
  await assertRejects(() => full.flush(), Error, "0 of 32 bytes");
});

Deno.test("numbers that make a capture unreadable are refused", () => {
  const encoder = new PcapngEncoder();
  const id = encoder.addInterface({ linkType: "ip" });
  const { length } = encoder;
  const packet = new Uint8Array(20);
  const add = (seconds: number, nanoseconds: number, original?: number) =>
    encoder.addPacket(id, seconds, nanoseconds, packet, undefined, original);
  const refused: [field: string, write: () => unknown][] = [
    [
      "snapLength",
      () => encoder.addInterface({ linkType: "ip", snapLength: -1 }),
    ],
    [
      "snapLength",
      () => encoder.addInterface({ linkType: "ip", snapLength: 1.5 }),
    ],
    [
      "linkType",
      () => encoder.addInterface({ linkType: "token ring" as "ip" }),
    ],
    ["originalLength", () => add(1, 0, 19)],
    ["originalLength", () => add(1, 0, 2 ** 32)],
    ["nanoseconds", () => add(1, 1e9)],
    ["seconds", () => add(-1, 0)],
    ["seconds", () => add(NaN, 0)],
    ["received", () => encoder.addStatistics(id, 1, 0, { received: -1 })],
    ["dropped", () => encoder.addStatistics(id, 1, 0, { dropped: 0.5 })],
    [
      "nanoseconds",
      () =>
        encoder.addStatistics(id, 1, 0, {
          start: { seconds: 1, nanoseconds: -1 },
        }),
    ],
  ];
  for (const [field, write] of refused) {
    const error = assertThrows(write, ArgumentError);
    assertEquals(error.argument, field);
    assertEquals(encoder.length, length);
  }
});
