// Selects the source of a reply, its address and if needed its interface, so
// that the client receives the reply from the address that it sent to.
//
//   IPv4 or mapped peer -> IP_PKTINFO   { ifindex 0, spec_dst = received spec_dst }
//                          or, for a multicast destination of which only
//                          IPV6_PKTINFO arrived, { ifindex, spec_dst 0 }
//   IPv6 peer           -> IPV6_PKTINFO { addr = received destination, or :: for
//                          multicast; ifindex only for link-local or multicast }
//   either, by a VRF    -> ifindex of the VRF, whose routes decide
//
// A link-local peer needs no ifindex: its sockaddr holds the scope id.
//
// IPv4 does not use the destination in the packet's header: for a broadcast or
// multicast query it is not a valid source. spec_dst always is.

import {
  type ControlMessages,
  writeIn6Pktinfo,
  writeInPktinfo,
} from "../socket/control_messages.ts";
import { ArgumentError } from "../errors.ts";
import type { Endpoint } from "../socket/sockaddr.ts";
import type { VrfTable } from "../socket/vrf.ts";
import type { Datagram } from "./datagram.ts";
import { NoReplyPortError } from "./errors.ts";
import type { SendOptions } from "./message.ts";

/** Bytes 10 and 11 of a mapped address, as a little-endian word of the address. */
const MAPPED_WORD = 0xffff0000 | 0;

function isMappedAt(words: Int32Array, word: number): boolean {
  return words[word] === 0 && words[word + 1] === 0 &&
    words[word + 2] === MAPPED_WORD;
}

/** Information of a socket for its replies. */
export interface ReplyRoutes {
  /** Whether to send through the interface that a datagram arrived on. */
  readonly pinInterface: boolean;
  /** The VRFs of the socket's namespace. */
  readonly vrfs: VrfTable;
}

/** The ifindex of the outgoing interface; 0 lets the routes choose. */
function outgoing(
  ifindex: number,
  pin: boolean,
  routes: ReplyRoutes | undefined,
): number {
  return pin ? ifindex : routes === undefined ? 0 : routes.vrfs.vrfOf(ifindex);
}

/**
 * Writes the control message of the reply to a datagram at byte offset `to` of
 * `out`; returns the bytes written, 0 without packet info.
 *
 * @param received The datagram's control messages, in `words`.
 * @param ipv4 Whether the peer has an IPv4 address, mapped or not.
 * @param pin Whether to send through the interface that it arrived on.
 * @param routes Those of the socket that received it.
 */
export function writeReplySource(
  words: Int32Array,
  received: ControlMessages,
  ipv4: boolean,
  pin: boolean,
  routes: ReplyRoutes | undefined,
  out: Int32Array,
  to: number,
): number {
  if (ipv4) {
    if (received.in_pktinfo >= 0) {
      const info = received.in_pktinfo >> 2;
      const ifindex = outgoing(words[info]!, pin, routes);
      const specDst = words[info + 1]!;
      if (specDst !== 0) return writeInPktinfo(out, to, ifindex, specDst);
      // Queued before IP_PKTINFO was set: the header's destination, if unicast.
      const destination = words[info + 2]!;
      const source = (destination & 0xff) >= 0xe0 ? 0 : destination;
      return writeInPktinfo(out, to, ifindex, source);
    }
    if (received.in6_pktinfo >= 0) {
      const info = received.in6_pktinfo >> 2;
      if (!isMappedAt(words, info)) return 0;
      const multicast = (words[info + 3]! & 0xf0) === 0xe0;
      return writeInPktinfo(
        out,
        to,
        multicast ? words[info + 4]! : outgoing(words[info + 4]!, pin, routes),
        multicast ? 0 : words[info + 3]!,
      );
    }
    return 0;
  }
  if (received.in6_pktinfo < 0) return 0;
  const info = received.in6_pktinfo >> 2;
  const first = words[info]!;
  const multicast = (first & 0xff) === 0xff;
  const linkLocal = (first & 0xc0ff) === 0x80fe;
  const ifindex = multicast || linkLocal
    ? words[info + 4]!
    : outgoing(words[info + 4]!, pin, routes);
  return multicast
    ? writeIn6Pktinfo(out, to, ifindex, 0, 0, 0, 0)
    : writeIn6Pktinfo(
      out,
      to,
      ifindex,
      first,
      words[info + 1]!,
      words[info + 2]!,
      words[info + 3]!,
    );
}

/** The same for a datagram as an object. */
export function replySource(
  { local }: Datagram,
  pin: boolean,
  routes: ReplyRoutes,
): SendOptions {
  if (local === undefined) return {};
  const { source, address, ifindex } = local;
  const scoped = source === undefined || /^fe[89ab]/.test(address);
  const through = scoped ? ifindex : outgoing(ifindex, pin, routes);
  return {
    ...(source === undefined ? {} : { source }),
    ...(through === 0 ? {} : { interface: through }),
  };
}

/**
 * Checks that a reply to a datagram can be sent, and from the right address.
 *
 * @throws {ArgumentError} If it is not a received datagram, or its packet info
 *   was truncated.
 * @throws {NoReplyPortError} If it was sent from port 0.
 */
export function checkReply(datagram: Datagram): void {
  const peer: Partial<Endpoint> | undefined = datagram?.peer;
  if (
    typeof peer?.address !== "string" || typeof peer.port !== "number" ||
    peer.address === ""
  ) {
    throw new ArgumentError("datagram", datagram, "a received datagram");
  }
  if (peer.port === 0) throw new NoReplyPortError(peer.address);
  if (datagram.controlTruncated && datagram.local === undefined) {
    throw packetInfoCutOff();
  }
}

/** The error of a reply whose source is unknown because it was truncated. */
export function packetInfoCutOff(): ArgumentError {
  return new ArgumentError(
    "controlSize",
    "too small: the packet info of the datagram was truncated",
    "enough for the control messages (the default is)",
  );
}
