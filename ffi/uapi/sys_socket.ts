// <sys/socket.h> and <linux/sock_diag.h>: sockets, messages, control messages and
// the array of SO_MEMINFO.

import { bytes, i32, pointer, size_t, struct, u16, u32 } from "../struct.ts";

export const headers = ["sys/socket.h", "linux/sock_diag.h"] as const;

export const AF_UNSPEC = 0;
export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_BRIDGE = 7;
export const AF_INET6 = 10;
export const AF_NETLINK = 16;
export const AF_PACKET = 17;
export const AF_MPLS = 28;

export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
export const SOCK_SEQPACKET = 5;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;

export const SHUT_RD = 0;
export const SHUT_WR = 1;
export const SHUT_RDWR = 2;

export const SOL_SOCKET = 1;
export const SO_REUSEADDR = 2;
export const SO_TYPE = 3;
export const SO_ERROR = 4;
export const SO_BROADCAST = 6;
export const SO_SNDBUF = 7;
export const SO_RCVBUF = 8;
export const SO_PRIORITY = 12;
export const SO_REUSEPORT = 15;
export const SO_BINDTODEVICE = 25;
export const SO_ATTACH_FILTER = 26;
export const SO_DETACH_FILTER = 27;
export const SO_SNDBUFFORCE = 32;
export const SO_RCVBUFFORCE = 33;
export const SO_MARK = 36;
export const SO_PROTOCOL = 38;
export const SO_DOMAIN = 39;
export const SO_RXQ_OVFL = 40;
export const SO_BUSY_POLL = 46;
export const SO_INCOMING_CPU = 49;
export const SO_ATTACH_BPF = 50;
export const SO_ATTACH_REUSEPORT_CBPF = 51;
export const SO_ATTACH_REUSEPORT_EBPF = 52;
export const SO_MEMINFO = 55;
export const SO_COOKIE = 57;
export const SO_TXTIME = 61;
export const SCM_TXTIME = 61;
export const SO_BINDTOIFINDEX = 62;
export const SO_DETACH_REUSEPORT_BPF = 68;
export const SO_NETNS_COOKIE = 71;
/** The option numbers of a 64-bit time_t, where `long` is 64 bits anyway. */
export const SO_TIMESTAMP = 29;
export const SO_TIMESTAMPNS = 35;
export const SCM_TIMESTAMPNS = 35;
export const SO_TIMESTAMPING = 37;
export const SCM_TIMESTAMPING = 37;

export const MSG_CTRUNC = 0x08;
export const MSG_PEEK = 0x02;
export const MSG_TRUNC = 0x20;
export const MSG_DONTWAIT = 0x40;
export const MSG_ERRQUEUE = 0x2000;
export const MSG_WAITFORONE = 0x10000;

export const sockaddr = struct("struct sockaddr", {
  sa_family: u16,
  sa_data: bytes(14),
});

export const sockaddr_storage = struct("struct sockaddr_storage", {
  ss_family: u16,
}, 128);

export const iovec = struct("struct iovec", {
  iov_base: pointer,
  iov_len: size_t,
});

export const msghdr = struct("struct msghdr", {
  msg_name: pointer,
  msg_namelen: u32,
  msg_iov: pointer,
  msg_iovlen: size_t,
  msg_control: pointer,
  msg_controllen: size_t,
  msg_flags: i32,
});

export const mmsghdr = struct("struct mmsghdr", {
  msg_hdr: msghdr,
  msg_len: u32,
});

export const cmsghdr = struct("struct cmsghdr", {
  cmsg_len: size_t,
  cmsg_level: i32,
  cmsg_type: i32,
});

export const timespec = struct("struct timespec", {
  tv_sec: size_t,
  tv_nsec: size_t,
});

const CMSG_HEADER = 16;

/** Rounds a length up to where the next control message may start. */
export function CMSG_ALIGN(length: number): number {
  return (length + 7) & ~7;
}

/** The space that a control message with `length` bytes of data takes, padding included. */
export function CMSG_SPACE(length: number): number {
  return CMSG_HEADER + CMSG_ALIGN(length);
}

/** The cmsg_len of a control message with `length` bytes of data. */
export function CMSG_LEN(length: number): number {
  return CMSG_HEADER + length;
}

/**
 * The offset of the first control message between `at` and `end`, or -1 where
 * not even a header fits.
 */
export function CMSG_FIRSTHDR(at: number, end: number): number {
  return end - at >= CMSG_HEADER ? at : -1;
}

/**
 * The offset of the control message after the one at `at`, or -1 at the end.
 * A cmsg_len that is no possible length ends the walk, so that it always ends.
 */
export function CMSG_NXTHDR(
  words: Int32Array,
  at: number,
  end: number,
): number {
  const word = at >> 2;
  const length = words[word]!;
  if (length < CMSG_HEADER || length > end - at || words[word + 1] !== 0) {
    return -1;
  }
  return CMSG_FIRSTHDR(at + CMSG_ALIGN(length), end);
}

/** The offset of a control message's data. */
export function CMSG_DATA(at: number): number {
  return at + CMSG_HEADER;
}

export const SK_MEMINFO_RMEM_ALLOC = 0;
export const SK_MEMINFO_DROPS = 8;
export const SK_MEMINFO_VARS = 9;
