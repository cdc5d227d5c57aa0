// Socket options with their C names.

import {
  EACCES,
  ENOPROTOOPT,
  EPERM,
  SystemError,
  type SystemErrorContext,
} from "../../ffi/errno.ts";
import { errno, libc, unwrap } from "../../ffi/libc.ts";
import { IPPROTO_IP, IPPROTO_IPV6 } from "../../ffi/uapi/netinet_in.ts";
import {
  SK_MEMINFO_DROPS,
  SK_MEMINFO_RMEM_ALLOC,
  SK_MEMINFO_VARS,
  SO_MEMINFO,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SO_SNDBUF,
  SO_SNDBUFFORCE,
  SOL_SOCKET,
} from "../../ffi/uapi/sys_socket.ts";

/** The IP versions of a socket. "dual" is an IPv6 socket for both. */
export type Family = "dual" | "ipv4" | "ipv6";

/** The number of an option with its C name, for errors: `{ SO_MARK }`. */
export type NamedOption = Readonly<Record<string, number>>;

const INT = new Int32Array(1);
const LENGTH = new Uint32Array(1);

/** The name of an option; a loop, because Object.keys() creates an array. */
export function nameOf(option: NamedOption): string {
  for (const name in option) return name;
  return "";
}

/**
 * Sets an option.
 *
 * @param level SOL_SOCKET, IPPROTO_IP ...
 * @param value An int, or the bytes of the option's value.
 * @param explain Describes the failed operation and the remedy, by errno.
 * @throws {SystemError}
 */
export function setOption(
  fd: number,
  level: number,
  option: NamedOption,
  value: number | Uint8Array<ArrayBuffer>,
  explain?: (code: number) => SystemErrorContext,
): void {
  const name = nameOf(option);
  if (trySetOption(fd, level, option[name]!, value)) return;
  const code = errno();
  throw new SystemError("setsockopt", code, {
    tried: `set ${name}`,
    ...(code === EPERM || code === EACCES
      ? {
        capability: "CAP_NET_ADMIN",
        advice: "Run as root or grant CAP_NET_ADMIN",
      }
      : code === ENOPROTOOPT
      ? { advice: `This kernel or sandbox does not have ${name}` }
      : {}),
    ...explain?.(code),
  });
}

/**
 * Sets an option; returns false if the kernel rejects it, with the errno in
 * errno().
 */
export function trySetOption(
  fd: number,
  level: number,
  option: number,
  value: number | Uint8Array<ArrayBuffer>,
): boolean {
  const { setsockopt } = libc();
  if (typeof value !== "number") {
    return setsockopt(fd, level, option, value, value.length) === 0;
  }
  INT[0] = value;
  return setsockopt(fd, level, option, INT, 4) === 0;
}

/**
 * Reads an option of type int.
 *
 * @param explain Describes the failed operation and the remedy, by errno.
 * @throws {SystemError}
 */
export function getOption(
  fd: number,
  level: number,
  option: NamedOption,
  explain?: (code: number) => SystemErrorContext,
): number {
  const name = nameOf(option);
  const value = tryGetOption(fd, level, option[name]!);
  if (value !== undefined) return value;
  const code = errno();
  const tried = `read ${name}`;
  throw new SystemError("getsockopt", code, { tried, ...explain?.(code) });
}

/**
 * Reads an option into `value`.
 *
 * @returns The bytes that the kernel wrote.
 * @throws {SystemError}
 */
export function getOptionBytes(
  fd: number,
  level: number,
  option: NamedOption,
  value: Uint8Array<ArrayBuffer>,
): number {
  const name = nameOf(option);
  LENGTH[0] = value.length;
  const result = libc().getsockopt(fd, level, option[name]!, value, LENGTH);
  unwrap(result, "getsockopt", { tried: `read ${name}` });
  return LENGTH[0]!;
}

/** Reads an option of type int; undefined if the kernel rejects it. */
export function tryGetOption(
  fd: number,
  level: number,
  option: number,
): number | undefined {
  LENGTH[0] = 4;
  return libc().getsockopt(fd, level, option, INT, LENGTH) === 0
    ? INT[0]!
    : undefined;
}

/** Whether a socket sends and receives IPv4. */
export function speaksIPv4(family: Family): boolean {
  return family !== "ipv6";
}

/** Whether a socket sends and receives IPv6. */
export function speaksIPv6(family: Family): boolean {
  return family !== "ipv4";
}

/**
 * Sets an option for each IP version of a socket: a dual socket needs both,
 * because the kernel uses the IPv4 option for a mapped peer.
 *
 * @param ipv4 The option of IPPROTO_IP, if it exists.
 * @param ipv6 The option of IPPROTO_IPV6, if it exists.
 * @throws {SystemError}
 */
export function setIpOption(
  fd: number,
  family: Family,
  ipv4: NamedOption | undefined,
  ipv6: NamedOption | undefined,
  value: number,
): void {
  if (ipv4 && speaksIPv4(family)) setOption(fd, IPPROTO_IP, ipv4, value);
  if (ipv6 && speaksIPv6(family)) setOption(fd, IPPROTO_IPV6, ipv6, value);
}

/** Which of a socket's two buffers. */
export type BufferDirection = "receive" | "send";

const SIZE = { receive: { SO_RCVBUF }, send: { SO_SNDBUF } };
const FORCE = { receive: SO_RCVBUFFORCE, send: SO_SNDBUFFORCE };

/**
 * Sets a buffer size: with CAP_NET_ADMIN beyond net.core.rmem_max or wmem_max,
 * else up to that limit. `bufferSize` returns the effective size.
 *
 * @throws {SystemError}
 */
export function setBufferSize(
  fd: number,
  direction: BufferDirection,
  bytes: number,
): void {
  if (trySetOption(fd, SOL_SOCKET, FORCE[direction], bytes)) return;
  setOption(fd, SOL_SOCKET, SIZE[direction], bytes, () => ({
    tried: `set a ${direction} buffer of ${bytes} bytes`,
  }));
}

/**
 * The effective size of a buffer. The kernel doubles the requested size for its
 * overhead, and charges the overhead to the buffer.
 *
 * @throws {SystemError}
 */
export function bufferSize(fd: number, direction: BufferDirection): number {
  return getOption(fd, SOL_SOCKET, SIZE[direction]);
}

const MEMORY = new Uint32Array(SK_MEMINFO_VARS);

/** Fills MEMORY, one word for each SK_MEMINFO_*; since Linux 4.12. */
function readMemory(fd: number): number {
  LENGTH[0] = MEMORY.byteLength;
  return libc().getsockopt(fd, SOL_SOCKET, SO_MEMINFO, MEMORY, LENGTH);
}

/** Bytes in the receive buffer, kernel overhead included; 0 before Linux 4.12. */
export function queuedBytes(fd: number): number {
  return readMemory(fd) < 0 ? 0 : MEMORY[SK_MEMINFO_RMEM_ALLOC]!;
}

/** Packets dropped at a socket since it was opened. @throws {SystemError} */
export function droppedPackets(fd: number): number {
  unwrap(readMemory(fd), "getsockopt", { tried: "read SO_MEMINFO" });
  return MEMORY[SK_MEMINFO_DROPS]!;
}
