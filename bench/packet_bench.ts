// Cost of a packet in lib/packet and in the offload of lib/tun, without a
// device: `deno bench -A bench/packet_bench.ts`.

import { formatIPv4, formatIPv6 } from "../lib/net/ip_address.ts";
import { buildTcp, buildUdp } from "../lib/packet/build.ts";
import { checksumAdd } from "../lib/net/checksum.ts";
import { decodePacket } from "../lib/packet/decode.ts";
import { describePacket } from "../lib/packet/describe.ts";
import { packetJson } from "../lib/packet/json.ts";
import { PcapngEncoder } from "../lib/packet/pcapng.ts";
import { TCP } from "../lib/packet/tcp.ts";
import { Coalescer } from "../lib/tun/coalesce.ts";
import { OffloadHeader } from "../lib/tun/offload_header.ts";
import { SegmentSplitter } from "../lib/tun/split.ts";

/** Uses the results, so that they are not optimized away. */
export let sink: unknown;

const v4 = { source: "10.0.0.1", destination: "10.0.0.2", dontFragment: true };
const v6 = { source: "2001:db8::1", destination: "2001:db8::2" };
const ports = { sourcePort: 40000, destinationPort: 50000 };

function segment(envelope: typeof v4 | typeof v6, index: number, size: number) {
  return buildTcp(envelope, {
    ...ports,
    sequence: index * size,
    flags: TCP.ACK,
    window: 500,
    payload: new Uint8Array(size).fill(index),
  });
}

const buffer = crypto.getRandomValues(new Uint8Array(65536));
for (const length of [20, 64, 1460, 65520]) {
  Deno.bench(`checksum of ${length} bytes`, { group: "checksum" }, () => {
    sink = checksumAdd(buffer, 0, length);
  });
}
Deno.bench("checksum of 1460 bytes, unaligned", { group: "checksum" }, () => {
  sink = checksumAdd(buffer, 1, 1461);
});

const packets = {
  "TCP over IPv4": segment(v4, 0, 1460),
  "TCP over IPv6": segment(v6, 0, 1440),
  "UDP over IPv4": buildUdp(v4, { ...ports, payload: new Uint8Array(64) }),
};
for (const [name, bytes] of Object.entries(packets)) {
  Deno.bench(`decode ${name}`, { group: "decode" }, () => {
    sink = decodePacket(bytes);
  });
}
const tcp = packets["TCP over IPv4"];
Deno.bench("decode and describe", { group: "decode" }, () => {
  sink = describePacket(decodePacket(tcp));
});
Deno.bench("decode and make JSON", { group: "decode" }, () => {
  sink = JSON.stringify(packetJson(decodePacket(tcp)));
});

const encoder = new PcapngEncoder();
const id = encoder.addInterface({ linkType: "ip" });
let spare: Uint8Array<ArrayBuffer> | undefined;
Deno.bench("pcapng, a packet of 1500 bytes", { group: "decode" }, () => {
  encoder.addPacket(id, 1_700_000_000, 123_456_789, tcp);
  if (encoder.length > 60_000) spare = encoder.take(spare);
});

const addresses = crypto.getRandomValues(new Uint8Array(4096));
let at = 0;
Deno.bench("format an IPv4 address", { group: "address" }, () => {
  sink = formatIPv4(addresses, at = (at + 4) & 4095);
});
Deno.bench("format an IPv6 address", { group: "address" }, () => {
  sink = formatIPv6(addresses, at = (at + 16) & 4095);
});

// 44 segments, the maximum of one packet.
const SEGMENTS = 44;
const STRIDE = 65_600;
const slots = new Uint8Array(STRIDE * (SEGMENTS + 1));
for (let i = 0; i < SEGMENTS; i++) slots.set(segment(v4, i, 1460), i * STRIDE);
const list = {
  bytes: slots,
  count: SEGMENTS,
  start: (i: number) => i * STRIDE,
  length: () => 1500,
};
const out = SEGMENTS * STRIDE;

for (const trusted of [false, true]) {
  const coalescer = new Coalescer({ trusted });
  const name = trusted ? "checksums trusted" : "checksums verified";
  Deno.bench(`coalesce ${SEGMENTS} x 1500 bytes, ${name}`, {
    group: "offload",
  }, () => {
    coalescer.plan(list);
    coalescer.write(0, slots, out);
  });
}

const whole = new Uint8Array(STRIDE * (SEGMENTS + 1));
const coalescer = new Coalescer();
coalescer.plan(list);
const length = coalescer.write(0, whole, 0);
const header = new OffloadHeader();
const splitter = new SegmentSplitter();
Deno.bench(`split into ${SEGMENTS} x 1500 bytes`, { group: "offload" }, () => {
  header.read(whole, 0);
  const count = splitter.begin(whole, 10, length, header);
  for (let i = 0; i < count; i++) splitter.write(i, whole, (i + 1) * STRIDE);
});
