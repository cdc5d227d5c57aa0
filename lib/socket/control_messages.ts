// Control messages (cmsg(3)): decodes received ones, encodes those to send.

import {
  NETLINK_LISTEN_ALL_NSID,
  SOL_NETLINK,
} from "../../ffi/uapi/linux_netlink.ts";
import {
  in6_pktinfo,
  in_pktinfo,
  IP_ORIGDSTADDR,
  IP_PKTINFO,
  IP_RECVERR,
  IP_TOS,
  IP_TTL,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_FLOWINFO_FLOWLABEL,
  IPV6_HOPLIMIT,
  IPV6_ORIGDSTADDR,
  IPV6_PKTINFO,
  IPV6_RECVERR,
  IPV6_TCLASS,
  newer,
  sockaddr_in,
  sockaddr_in6,
  SOL_UDP,
  UDP_GRO,
  UDP_SEGMENT,
} from "../../ffi/uapi/netinet_in.ts";
import {
  scm_timestamping,
  sock_extended_err,
} from "../../ffi/uapi/linux_errqueue.ts";
import {
  CMSG_DATA,
  CMSG_FIRSTHDR,
  CMSG_LEN,
  CMSG_NXTHDR,
  CMSG_SPACE,
  cmsghdr,
  SCM_TIMESTAMPING,
  SCM_TIMESTAMPNS,
  SCM_TXTIME,
  SO_RXQ_OVFL,
  SOL_SOCKET,
  timespec,
} from "../../ffi/uapi/sys_socket.ts";

const { IPV6_FLOWINFO } = newer;
const HEADER = cmsghdr.size;

/**
 * Size of all control messages that a UDP socket can receive with one datagram.
 */
export const RECEIVE_CONTROL_SIZE = CMSG_SPACE(in6_pktinfo.size) +
  CMSG_SPACE(in_pktinfo.size) + CMSG_SPACE(timespec.size) +
  CMSG_SPACE(scm_timestamping.size) + CMSG_SPACE(sockaddr_in6.size) +
  // TTL, traffic class, hop limit, overflow counter, segment size, flow label
  6 * CMSG_SPACE(4);

/**
 * Size of packet info, hop limit, traffic class, flow label, segment size and
 * time.
 */
export const SEND_CONTROL_SIZE = CMSG_SPACE(in6_pktinfo.size) +
  4 * CMSG_SPACE(4) + CMSG_SPACE(8);

/**
 * Size of an error with its offender's address, and the other control messages.
 */
export const ERROR_CONTROL_SIZE = RECEIVE_CONTROL_SIZE +
  2 * CMSG_SPACE(sock_extended_err.size + 28);

/** Size of the namespace id of a netlink notification. */
export const NSID_CONTROL_SIZE = CMSG_SPACE(4);

/**
 * The control messages of one message. Structs are not decoded: a field holds
 * the byte offset of the struct, -1 without one. Reused from message to message.
 */
export class ControlMessages {
  /** Offset of a struct in_pktinfo. */
  in_pktinfo = -1;
  /** Offset of a struct in6_pktinfo. */
  in6_pktinfo = -1;
  /** Bytes of each GSO or GRO segment; 0 for an unsegmented datagram. */
  segmentSize = 0;
  /** TTL or hop limit; -1 without one. */
  ttl = -1;
  /** TOS or traffic class; -1 without one. */
  trafficClass = -1;
  /** Offset of a struct timespec. */
  timestamp = -1;
  /** Value of the SO_RXQ_OVFL counter; -1 without one. */
  overflow = -1;
  /** Offset of a struct sock_extended_err. */
  error = -1;
  /** Namespace id of a netlink notification; -1 for the socket's own. */
  nsid = -1;
  /** Offset of a struct scm_timestamping. */
  timestamping = -1;
  /** Offset of a sockaddr, the original destination. */
  originalDestination = -1;
  /** IPv6 flow label; -1 without one. */
  flowLabel = -1;

  /**
   * Decodes `length` bytes of control messages at byte offset `at` (a multiple
   * of 8). A control message that a small buffer cut off is left out.
   */
  decode(words: Int32Array, view: DataView, at: number, length: number): void {
    this.in_pktinfo = this.in6_pktinfo = -1;
    this.ttl = this.trafficClass = this.timestamp = -1;
    this.overflow = this.error = this.nsid = -1;
    this.timestamping = this.originalDestination = this.flowLabel = -1;
    this.segmentSize = 0;
    const end = at + length;
    let here = CMSG_FIRSTHDR(at, end);
    while (here >= 0) {
      const word = here >> 2;
      const size = words[word]!;
      // The kernel may cut off the last one, whose data is incomplete then.
      if (size < HEADER || size > end - here) return;
      const data = CMSG_DATA(here);
      this.#decodeOne(words[word + 2]!, words[word + 3]!, view, data, size);
      here = CMSG_NXTHDR(words, here, end);
    }
  }

  #decodeOne(
    level: number,
    type: number,
    view: DataView,
    data: number,
    size: number,
  ): void {
    if (level === IPPROTO_IPV6) {
      if (type === IPV6_PKTINFO && size >= CMSG_LEN(in6_pktinfo.size)) {
        this.in6_pktinfo = data;
      } else if (type === IPV6_HOPLIMIT && size >= CMSG_LEN(4)) {
        this.ttl = view.getInt32(data, true);
      } else if (type === IPV6_TCLASS && size >= CMSG_LEN(4)) {
        this.trafficClass = view.getInt32(data, true);
      } else if (
        type === IPV6_RECVERR && size >= CMSG_LEN(sock_extended_err.size)
      ) {
        this.error = data;
      } else if (
        type === IPV6_ORIGDSTADDR && size >= CMSG_LEN(sockaddr_in6.size)
      ) {
        this.originalDestination = data;
      } else if (type === IPV6_FLOWINFO && size >= CMSG_LEN(4)) {
        this.flowLabel = view.getUint32(data) & IPV6_FLOWINFO_FLOWLABEL;
      }
    } else if (level === IPPROTO_IP) {
      if (type === IP_PKTINFO && size >= CMSG_LEN(in_pktinfo.size)) {
        this.in_pktinfo = data;
      } else if (type === IP_TTL && size >= CMSG_LEN(4)) {
        this.ttl = view.getInt32(data, true);
      } else if (type === IP_TOS && size >= CMSG_LEN(1)) {
        this.trafficClass = view.getUint8(data);
      } else if (
        type === IP_RECVERR && size >= CMSG_LEN(sock_extended_err.size)
      ) {
        this.error = data;
      } else if (
        type === IP_ORIGDSTADDR && size >= CMSG_LEN(sockaddr_in.size)
      ) {
        this.originalDestination = data;
      }
    } else if (level === SOL_UDP) {
      // UDP_GRO carries an int, whose low half is the size; UDP_SEGMENT a u16.
      if (
        (type === UDP_GRO || type === UDP_SEGMENT) && size >= CMSG_LEN(2)
      ) {
        this.segmentSize = view.getUint16(data, true);
      }
    } else if (level === SOL_SOCKET) {
      if (type === SCM_TIMESTAMPNS && size >= CMSG_LEN(timespec.size)) {
        this.timestamp = data;
      } else if (type === SO_RXQ_OVFL && size >= CMSG_LEN(4)) {
        this.overflow = view.getUint32(data, true);
      } else if (
        type === SCM_TIMESTAMPING && size >= CMSG_LEN(scm_timestamping.size)
      ) {
        this.timestamping = data;
      }
    } else if (level === SOL_NETLINK) {
      if (type === NETLINK_LISTEN_ALL_NSID && size >= CMSG_LEN(4)) {
        this.nsid = view.getInt32(data, true);
      }
    }
  }
}

/** Writes a cmsghdr; returns the word index of its data. */
function writeHeader(
  words: Int32Array,
  at: number,
  level: number,
  type: number,
  size: number,
): number {
  const word = at >> 2;
  words[word] = CMSG_LEN(size);
  words[word + 1] = 0;
  words[word + 2] = level;
  words[word + 3] = type;
  return word + HEADER / 4;
}

/** Writes IP_PKTINFO, the address as a raw word; returns the bytes written. */
export function writeInPktinfo(
  words: Int32Array,
  at: number,
  ifindex: number,
  specDst: number,
): number {
  const data = writeHeader(words, at, IPPROTO_IP, IP_PKTINFO, in_pktinfo.size);
  words[data] = ifindex;
  words[data + 1] = specDst;
  words[data + 2] = 0;
  // Padding: 12 bytes of data take 16.
  words[data + 3] = 0;
  return CMSG_SPACE(in_pktinfo.size);
}

/** Writes IPV6_PKTINFO, the address as four raw words; returns the bytes written. */
export function writeIn6Pktinfo(
  words: Int32Array,
  at: number,
  ifindex: number,
  a: number,
  b: number,
  c: number,
  d: number,
): number {
  const data = writeHeader(
    words,
    at,
    IPPROTO_IPV6,
    IPV6_PKTINFO,
    in6_pktinfo.size,
  );
  words[data] = a;
  words[data + 1] = b;
  words[data + 2] = c;
  words[data + 3] = d;
  words[data + 4] = ifindex;
  words[data + 5] = 0;
  return CMSG_SPACE(in6_pktinfo.size);
}

function writeInt(
  words: Int32Array,
  at: number,
  level: number,
  type: number,
  value: number,
): number {
  const data = writeHeader(words, at, level, type, 4);
  words[data] = value;
  words[data + 1] = 0;
  return CMSG_SPACE(4);
}

/** Writes UDP_SEGMENT: the kernel splits the payload into datagrams of this size. */
export function writeSegmentSize(
  words: Int32Array,
  at: number,
  size: number,
): number {
  const data = writeHeader(words, at, SOL_UDP, UDP_SEGMENT, 2);
  words[data] = size;
  words[data + 1] = 0;
  return CMSG_SPACE(2);
}

/** Writes the TTL or hop limit of one datagram. */
export function writeTtl(
  words: Int32Array,
  at: number,
  ipv4: boolean,
  ttl: number,
): number {
  return ipv4
    ? writeInt(words, at, IPPROTO_IP, IP_TTL, ttl)
    : writeInt(words, at, IPPROTO_IPV6, IPV6_HOPLIMIT, ttl);
}

/** Writes the TOS or traffic class of one datagram. */
export function writeTrafficClass(
  words: Int32Array,
  at: number,
  ipv4: boolean,
  value: number,
): number {
  return ipv4
    ? writeInt(words, at, IPPROTO_IP, IP_TOS, value)
    : writeInt(words, at, IPPROTO_IPV6, IPV6_TCLASS, value);
}

/** Swaps the byte order of a 32-bit value. */
function swap32(value: number): number {
  return value >>> 24 | value >>> 8 & 0xff00 | value << 8 & 0xff0000 |
    value << 24;
}

/** Writes the flow label of one IPv6 datagram. */
export function writeFlowLabel(
  words: Int32Array,
  at: number,
  label: number,
): number {
  return writeInt(words, at, IPPROTO_IPV6, IPV6_FLOWINFO, swap32(label));
}

/** Writes the time to send a datagram at, in nanoseconds of the socket's clock. */
export function writeTransmitTime(
  words: Int32Array,
  at: number,
  time: bigint,
): number {
  const data = writeHeader(words, at, SOL_SOCKET, SCM_TXTIME, 8);
  words[data] = Number(BigInt.asIntN(32, time));
  words[data + 1] = Number(BigInt.asIntN(32, time >> 32n));
  return CMSG_SPACE(8);
}
