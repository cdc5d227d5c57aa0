// Flow hash: equal for all packets of a flow.

import { readU16, readU32 } from "../packet/bytes.ts";
import { IPPROTO } from "../packet/protocol.ts";

/** The bits of the fragment field of a fragment. */
const FRAGMENT = 0x3fff;

/**
 * A hash of addresses, protocol and ports; 0 for packets other than IP.
 *
 * @param start The offset of the IP header.
 */
export function flowHash(
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  const version = bytes[start]! >> 4;
  let hash: number;
  let transport: number;
  let protocol: number;
  if (version === 4 && end - start >= 20) {
    hash = mix(readU32(bytes, start + 12), readU32(bytes, start + 16));
    protocol = bytes[start + 9]!;
    // Only the first fragment has ports: fragments are hashed by address.
    transport = (readU16(bytes, start + 6) & FRAGMENT) === 0
      ? start + (bytes[start]! & 15) * 4
      : end;
  } else if (version === 6 && end - start >= 40) {
    hash = 0;
    for (let at = start + 8; at < start + 40; at += 4) {
      hash = mix(hash, readU32(bytes, at));
    }
    protocol = bytes[start + 6]!;
    transport = start + 40;
  } else return 0;
  hash = mix(hash, protocol);
  const hasPorts = protocol === IPPROTO.TCP || protocol === IPPROTO.UDP;
  if (hasPorts && transport + 4 <= end) {
    hash = mix(hash, readU32(bytes, transport));
  }
  return (hash ^ hash >>> 16) >>> 0;
}

function mix(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word, 0x85ebca6b);
  return Math.imul(mixed ^ mixed >>> 13, 0xc2b2ae35) + 0x9e3779b9 | 0;
}
