// Packets that stand for many, and what the library makes of packets, for the
// tests of offload.

import {
  buildTcp,
  buildUdp,
  type IPEnvelope,
} from "../../../lib/packet/build.ts";
import { decodePacket } from "../../../lib/packet/decode.ts";
import { TCP, type TcpFields } from "../../../lib/packet/tcp.ts";
import { type CoalesceOptions, Coalescer } from "../../../lib/tun/coalesce.ts";
import { OffloadHeader } from "../../../lib/tun/offload_header.ts";
import { SegmentSplitter } from "../../../lib/tun/split.ts";

export const v4 = {
  source: "10.1.0.2",
  destination: "10.2.0.2",
  dontFragment: true,
  identification: 0xfffe,
};
export const v6 = {
  source: "fd01::2",
  destination: "fd02::2",
  flowLabel: 0x12345,
};

/** Bytes that differ from place to place. */
export function data(length: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8) + seed) & 255);
}

export function tcp(
  envelope: IPEnvelope,
  payload: Uint8Array,
  fields: Partial<TcpFields> = {},
): Uint8Array {
  return buildTcp(envelope, {
    sourcePort: 40000,
    destinationPort: 50000,
    sequence: 0xfffffc00,
    acknowledgement: 7,
    flags: TCP.ACK,
    window: 500,
    payload,
    ...fields,
  });
}

export function udp(
  envelope: IPEnvelope,
  payload: Uint8Array,
  sourcePort = 40000,
): Uint8Array {
  return buildUdp(envelope, { sourcePort, destinationPort: 50000, payload });
}

/** The packet as a kernel hands it to a device that splits: header in front. */
export function unsegmented(packet: Uint8Array, size: number): Uint8Array {
  const bytes = new Uint8Array(10 + packet.length);
  bytes.set(packet, 10);
  const { ip, tcp, udp } = decodePacket(packet);
  const header = new OffloadHeader();
  const transport = ip!.payloadOffset;
  header.flags = 1;
  header.type = udp ? 5 : ip!.version === 4 ? 1 : 4;
  if (tcp && tcp.flags & TCP.CWR) header.type |= 0x80;
  header.segmentSize = size;
  header.checksumStart = transport;
  header.checksumOffset = udp ? 6 : 16;
  header.headerLength = tcp?.payloadOffset ?? udp!.payloadOffset;
  header.write(bytes, 0);
  const sum = ip!.pseudoHeader(ip!.protocol, ip!.payloadLength);
  const field = 10 + transport + header.checksumOffset;
  bytes[field] = sum >> 8;
  bytes[field + 1] = sum;
  return bytes;
}

/** What the library splits it into, as text; a word in place of a refusal. */
export function split(bytes: Uint8Array, ipOffset = 0): string[] {
  const header = new OffloadHeader();
  header.read(bytes, 0);
  const splitter = new SegmentSplitter();
  const count = splitter.begin(bytes, 10, bytes.length, header, ipOffset);
  if (count === 0) return [splitter.malformed!];
  const out = new Uint8Array(70_000);
  return Array.from({ length: count }, (_, i) => {
    const at = i % 5;
    return out.subarray(at, at + splitter.write(i, out, at)).toHex();
  });
}

/** Packets one behind the other in one array, and a list of them. */
export function listOf(packets: readonly Uint8Array[]) {
  const starts: number[] = [];
  let length = 0;
  for (const packet of packets) {
    starts.push(length);
    length += packet.length;
  }
  const bytes = new Uint8Array(length);
  packets.forEach((packet, i) => bytes.set(packet, starts[i]));
  return {
    bytes,
    count: packets.length,
    start: (i: number) => starts[i],
    length: (i: number) => packets[i].length,
  };
}

/** What the library makes of packets: each run with the header in front. */
export function coalesce(
  packets: readonly Uint8Array[],
  options: CoalesceOptions = {},
): Uint8Array[] {
  const coalescer = new Coalescer(options);
  const count = coalescer.plan(listOf(packets));
  const out = new Uint8Array(70_000);
  return Array.from(
    { length: count },
    (_, run) => out.slice(0, coalescer.write(run, out, 0)),
  );
}
