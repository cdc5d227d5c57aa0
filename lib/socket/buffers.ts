// Sizes and use of a socket's send and receive buffers.

import { libc, unwrap } from "../../ffi/libc.ts";
import {
  SK_MEMINFO_DROPS,
  SK_MEMINFO_RMEM_ALLOC,
  SK_MEMINFO_VARS,
} from "../../ffi/uapi/linux_sock_diag.ts";
import {
  SO_MEMINFO,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SO_SNDBUF,
  SO_SNDBUFFORCE,
  SOL_SOCKET,
} from "../../ffi/uapi/sys_socket.ts";
import { getOption, setOption, trySetOption } from "./option.ts";

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
const LENGTH = new Uint32Array(1);

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
