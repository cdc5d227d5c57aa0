import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  answerArp,
  answerEcho,
  answerNeighbour,
} from "../../../lib/packet/answer.ts";
import { buildIcmp, buildTcp, buildUdp } from "../../../lib/packet/build.ts";
import { decodePacket } from "../../../lib/packet/decode.ts";
import { describePacket } from "../../../lib/packet/describe.ts";
import { packetJson } from "../../../lib/packet/json.ts";
import {
  encodeTcpOptions,
  type TcpOptionFields,
} from "../../../lib/packet/tcp_option.ts";
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
  icmpSamples,
  icmpv6Samples,
  ipSamples,
} from "./samples.ts";

const samples = [
  ...ipSamples,
  ...icmpSamples,
  ...icmpv6Samples,
  ...ethernetSamples,
  ...applicationSamples,
  ...frameSamples,
  ...protocolSamples,
  ...tcpOptionSamples,
  ...tunnelSamples,
  ...vxlanSamples,
];

/** A sample with some bytes changed and its end cut or grown. */
const damaged = fc.tuple(
  fc.constantFrom(...samples),
  fc.array(fc.tuple(fc.nat(100), fc.nat(255)), { maxLength: 6 }),
  fc.integer({ min: -60, max: 30 }),
).map(([sample, changes, grow]) => {
  const bytes = new Uint8Array(Math.max(0, sample.length + grow));
  bytes.set(sample.subarray(0, bytes.length));
  for (const [at, value] of changes) {
    if (at < bytes.length) bytes[at] = value;
  }
  return bytes;
});

const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  // With an IP version in front, so that more than the first check is reached.
  fc.uint8Array({ minLength: 1, maxLength: 200 }).map((bytes) => {
    bytes[0] = bytes[0] & 1 ? 0x45 : 0x60;
    return bytes;
  }),
  damaged,
);
const linkType = fc.constantFrom("ip" as const, "ethernet" as const);

/** The accessors of an object and of the classes that its class extends. */
function getters(header: object): [string, PropertyDescriptor][] {
  const prototype = Object.getPrototypeOf(header);
  return prototype === Object.prototype ? [] : [
    ...Object.entries(Object.getOwnPropertyDescriptors(prototype)),
    ...getters(prototype),
  ];
}

/** All properties of a packet. */
function readAll(bytes: Uint8Array, type: "ip" | "ethernet"): string {
  const packet = decodePacket(bytes, type);
  const { ip, tcp, udp, icmp, icmpv6, ethernet, arp } = packet;
  const { dns, dhcp, dhcpv6, ntp, overlay, inner } = packet;
  const line = describePacket(packet);
  // Nothing from a packet may reach a terminal as it is.
  assert(/^[\x20-\x7e]+$/.test(line), line);
  const read: unknown[] = [line, packetJson(packet)];
  read.push(dns, dhcp, dhcpv6, ntp, overlay, inner?.ip?.source);
  for (const header of [ethernet, arp, ip, tcp, udp, icmp, icmpv6]) {
    if (!header) continue;
    for (const [name, { get }] of getters(header)) {
      if (get) read.push([name, get.call(header)]);
    }
  }
  if (ip?.version === 4) read.push(ip.options(), ip.verifyChecksum());
  if (ip) read.push(tcp?.verifyChecksum(ip), udp?.verifyChecksum(ip));
  read.push(tcp?.options(), icmpv6?.options(), icmp?.verifyChecksum());
  if (ip?.version === 6) read.push(icmpv6?.verifyChecksum(ip));
  return JSON.stringify(
    read,
    (key, value) => key === "bytes" ? undefined : value,
  );
}

/** A place that reads as zeros and, at another time, as ones around it. */
function between(bytes: Uint8Array, filling: number): Uint8Array {
  const buffer = new Uint8Array(bytes.length + 200).fill(filling);
  buffer.set(bytes, 100);
  return buffer.subarray(100, 100 + bytes.length);
}

Deno.test("any bytes can be decoded and shown", () => {
  fc.assert(
    fc.property(anyBytes, linkType, (bytes, type) => {
      readAll(bytes, type);
    }),
    { numRuns: 20_000 },
  );
});

Deno.test("nothing outside the bytes is read", () => {
  fc.assert(
    fc.property(anyBytes, linkType, (bytes, type) => {
      assertEquals(
        readAll(between(bytes, 0x00), type),
        readAll(between(bytes, 0xff), type),
      );
    }),
    { numRuns: 10_000 },
  );
});

Deno.test("answers change nothing outside the bytes, or nothing at all", () => {
  const link = new Uint8Array([2, 0, 0, 0, 0, 9]);
  fc.assert(
    fc.property(anyBytes, fc.constantFrom(0, 14), (bytes, offset) => {
      const placed = between(bytes, 0xee);
      const answered = answerEcho(placed, offset);
      const before = placed.slice();
      const arp = answerArp(placed, link);
      answerNeighbour(placed, link);
      if (!arp) assertEquals(placed, before);
      if (!answered && !arp) assertEquals(placed.slice(), bytes);
      const buffer = new Uint8Array(placed.buffer);
      const outside = [
        ...buffer.subarray(0, 100),
        ...buffer.subarray(100 + bytes.length),
      ];
      assert(outside.every((byte) => byte === 0xee));
    }),
    { numRuns: 10_000 },
  );
});

// Plain objects, as the decoders give them.
const record: typeof fc.record = (model) =>
  fc.record(model, { noNullPrototype: true });
const port = fc.nat(65535);
const u32 = fc.nat(0xffffffff);
const payload = fc.uint8Array({ maxLength: 100 });
const ip4 = fc.uint8Array({ minLength: 4, maxLength: 4 });
const ip6 = fc.uint8Array({ minLength: 16, maxLength: 16 });
const envelope = fc.oneof(fc.tuple(ip4, ip4), fc.tuple(ip6, ip6)).chain(
  ([source, destination]) =>
    record({
      source: fc.constant(source),
      destination: fc.constant(destination),
      ttl: fc.nat(255),
      trafficClass: fc.nat(255),
      identification: source.length === 4 ? port : fc.constant(0),
      flowLabel: source.length === 16 ? fc.nat(0xfffff) : fc.constant(0),
      dontFragment: source.length === 4 ? fc.boolean() : fc.constant(false),
    }),
);

function decodeBuilt(
  bytes: Uint8Array,
  sent: typeof envelope extends fc.Arbitrary<infer T> ? T : never,
) {
  const packet = decodePacket(bytes);
  assertEquals(packet.malformed, undefined);
  const ip = packet.ip!;
  assertEquals({
    source: ip.sourceAddress,
    destination: ip.destinationAddress,
    ttl: ip.ttl,
    trafficClass: ip.trafficClass,
    identification: ip.identification,
    flowLabel: ip.version === 6 ? ip.flowLabel : 0,
    dontFragment: ip.version === 4 && ip.dontFragment,
  }, sent);
  if (ip.version === 4) assert(ip.verifyChecksum());
  return { ...packet, ip };
}

Deno.test("UDP that was built is decoded as it was", () => {
  const fields = record({
    sourcePort: port,
    destinationPort: port,
    payload,
  });
  fc.assert(fc.property(envelope, fields, (envelope, fields) => {
    const { ip, udp } = decodeBuilt(buildUdp(envelope, fields), envelope);
    assert(udp!.verifyChecksum(ip));
    assertEquals({
      sourcePort: udp!.sourcePort,
      destinationPort: udp!.destinationPort,
      payload: udp!.payload,
    }, fields);
  }));
});

const tcpOption: fc.Arbitrary<TcpOptionFields> = fc.oneof(
  fc.constantFrom({ name: "nop" as const }, { name: "sackOK" as const }),
  record({ name: fc.constant("mss" as const), value: port }),
  record({ name: fc.constant("wscale" as const), value: fc.nat(255) }),
  record({ name: fc.constant("TS" as const), value: u32, echo: u32 }),
  record({
    name: fc.constant("sack" as const),
    blocks: fc.array(fc.tuple(u32, u32), { maxLength: 2 }),
  }),
  record({
    name: fc.constant("unknown" as const),
    kind: fc.integer({ min: 9, max: 255 })
      .filter((kind) => ![19, 30, 34].includes(kind)),
    data: fc.uint8Array({ maxLength: 6 }),
  }),
  record({
    name: fc.constant("mptcp" as const),
    data: fc.uint8Array({ minLength: 1, maxLength: 12 }),
  }),
  record({
    name: fc.constant("tfo" as const),
    cookie: fc.oneof(
      fc.constant(new Uint8Array(0)),
      fc.uint8Array({ minLength: 4, maxLength: 12 }),
    ),
  }),
  record({
    name: fc.constant("md5" as const),
    digest: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  }),
);

Deno.test("TCP that was built is decoded as it was", () => {
  const fields = record({
    sourcePort: port,
    destinationPort: port,
    sequence: u32,
    acknowledgement: u32,
    flags: fc.nat(0xfff),
    window: port,
    urgentPointer: port,
    payload,
  });
  const options = fc.array(tcpOption, { maxLength: 4 }).filter(fitsTcpHeader);
  fc.assert(fc.property(envelope, fields, options, (envelope, fields, list) => {
    const optionBytes = encodeTcpOptions(list);
    const bytes = buildTcp(envelope, { ...fields, optionBytes });
    const { ip, tcp } = decodeBuilt(bytes, envelope);
    assert(tcp!.verifyChecksum(ip));
    assertEquals({
      sourcePort: tcp!.sourcePort,
      destinationPort: tcp!.destinationPort,
      sequence: tcp!.sequence,
      acknowledgement: tcp!.acknowledgement,
      flags: tcp!.flags,
      window: tcp!.window,
      urgentPointer: tcp!.urgentPointer,
      payload: tcp!.payload,
    }, fields);
    const decoded = tcp!.options().options.slice(0, list.length);
    assertEquals(
      decoded.map(({ offset: _offset, length: _length, kind, ...rest }) =>
        rest.name === "unknown" ? { ...rest, kind } : rest
      ),
      list,
    );
  }));
});

Deno.test("ICMP that was built is decoded as it was", () => {
  const fields = record({
    // Types of ICMPv6 with a fixed part need more than any payload has.
    type: fc.constantFrom(0, 8, 128, 129),
    code: fc.nat(255),
    identifier: port,
    sequence: port,
    payload,
  });
  fc.assert(fc.property(envelope, fields, (envelope, fields) => {
    const bytes = buildIcmp(envelope, fields);
    const { ip, icmp, icmpv6 } = decodeBuilt(bytes, envelope);
    assert(
      ip.version === 4 ? icmp!.verifyChecksum() : icmpv6!.verifyChecksum(ip),
    );
    const message = (icmp ?? icmpv6)!;
    assertEquals({
      type: message.type,
      code: message.code,
      identifier: message.identifier,
      sequence: message.sequence,
      payload: message.payload,
    }, fields);
  }));
});
