// A packet behind the header that offloading puts in front of it, split into
// its segments.

import { OffloadHeader } from "../../../lib/tun/offload_header.ts";
import { SegmentSplitter } from "../../../lib/tun/split.ts";
import { ipSamples } from "../../lib/packet/samples.ts";
import type { Target } from "../target.ts";

/** struct virtio_net_hdr. */
const HEADER = 10;
/** For many segments, the first ones suffice. */
const LOOKED_AT = 8;

const header = new OffloadHeader();
const splitter = new SegmentSplitter();
const out = new Uint8Array(65536);

function offloaded(packet: Uint8Array, type: number): Uint8Array {
  const bytes = new Uint8Array(HEADER + packet.length);
  header.clear();
  header.flags = 1;
  header.type = type;
  header.segmentSize = 8;
  header.checksumStart = packet[0] >> 4 === 4 ? 20 : 40;
  header.checksumOffset = type === 5 ? 6 : 16;
  header.write(bytes, 0);
  bytes.set(packet, HEADER);
  return bytes;
}

export const offload: Target = {
  name: "offload",
  seeds: () =>
    ipSamples.flatMap((packet) =>
      [0, 1, 4, 5].map((type) => offloaded(packet, type))
    ),
  read(arena, start, length) {
    if (length < HEADER) return "";
    const bytes = new Uint8Array(arena);
    header.read(bytes, start);
    const end = start + length;
    const count = splitter.begin(bytes, start + HEADER, end, header);
    if (count === 0) return `${splitter.malformed}`;
    let reported = `${count}:`;
    for (let i = 0; i < Math.min(count, LOOKED_AT); i++) {
      const size = splitter.write(i, out, 0);
      reported += out.subarray(0, size).join() + ";";
    }
    return reported;
  },
};
