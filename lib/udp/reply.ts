// The source rule: from which address, and where it matters from which
// interface, a datagram is answered so that the asker sees the address it asked.
//
//   IPv4 or mapped peer -> IP_PKTINFO   { ifindex 0, spec_dst = received spec_dst }
//                          or where only IPV6_PKTINFO told of a multicast
//                          destination { ifindex, spec_dst 0 }
//   IPv6 peer           -> IPV6_PKTINFO { addr = received destination, or :: for
//                          multicast; ifindex only for link-local or multicast }
//
// A link-local peer needs none: its scope is in the sockaddr that came with it.
//
// The address in the packet's header is no use for IPv4: a broadcast or
// multicast query has one that nobody may send from. spec_dst always is one.

import {
  type Ancillary,
  writeIn6Pktinfo,
  writeInPktinfo,
} from "./ancillary.ts";
import type { Datagram } from "./datagram.ts";
import type { SendOptions } from "./message.ts";

/** Bytes 10 and 11 of a mapped address, as a little-endian word of the address. */
const MAPPED_WORD = 0xffff0000 | 0;

function isMappedAt(words: Int32Array, word: number): boolean {
  return words[word] === 0 && words[word + 1] === 0 &&
    words[word + 2] === MAPPED_WORD;
}

/**
 * Writes the control message that answers a datagram from where it was asked,
 * at byte offset `to` of `out`; returns the bytes written, 0 where no packet
 * info arrived.
 *
 * @param found Where the datagram's own packet info stands in `words`.
 * @param ipv4 Whether the peer is an IPv4 one, plain or mapped.
 * @param pin Whether to leave through the interface it came in by.
 */
export function writeReplySource(
  words: Int32Array,
  found: Ancillary,
  ipv4: boolean,
  pin: boolean,
  out: Int32Array,
  to: number,
): number {
  if (ipv4) {
    if (found.in_pktinfo >= 0) {
      const info = found.in_pktinfo >> 2;
      return writeInPktinfo(out, to, pin ? words[info] : 0, words[info + 1]);
    }
    if (found.in6_pktinfo >= 0) {
      const info = found.in6_pktinfo >> 2;
      if (!isMappedAt(words, info)) return 0;
      const multicast = (words[info + 3] & 0xf0) === 0xe0;
      return writeInPktinfo(
        out,
        to,
        pin || multicast ? words[info + 4] : 0,
        multicast ? 0 : words[info + 3],
      );
    }
    return 0;
  }
  if (found.in6_pktinfo < 0) return 0;
  const info = found.in6_pktinfo >> 2;
  const first = words[info];
  const multicast = (first & 0xff) === 0xff;
  const linkLocal = (first & 0xc0ff) === 0x80fe;
  const ifindex = pin || multicast || linkLocal ? words[info + 4] : 0;
  return multicast
    ? writeIn6Pktinfo(out, to, ifindex, 0, 0, 0, 0)
    : writeIn6Pktinfo(
      out,
      to,
      ifindex,
      first,
      words[info + 1],
      words[info + 2],
      words[info + 3],
    );
}

/** The same for a datagram that was made an object of: the kernel told its source. */
export function replySource({ local }: Datagram): SendOptions {
  if (local === undefined) return {};
  const { source, address, ifindex } = local;
  const scoped = source === undefined || /^fe[89ab]/.test(address);
  return {
    ...(source === undefined ? {} : { source }),
    ...(scoped ? { interface: ifindex } : {}),
  };
}
