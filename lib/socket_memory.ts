// What the kernel says of a socket's memory: SO_MEMINFO, since Linux 4.12.

import { SK_MEMINFO_VARS } from "../ffi/layout/linux_sock_diag.ts";
import { SO_MEMINFO, SOL_SOCKET } from "../ffi/layout/sys_socket.ts";
import { libc } from "../ffi/libc.ts";

const LENGTH = new Uint32Array(1);

/** Room for what readSocketMemory() fills in: a number for each SK_MEMINFO_*. */
export function socketMemory(): Uint32Array<ArrayBuffer> {
  return new Uint32Array(SK_MEMINFO_VARS);
}

/** Asks for all of them; what getsockopt() returned. */
export function readSocketMemory(
  fd: number,
  memory: Uint32Array<ArrayBuffer>,
): number {
  LENGTH[0] = memory.byteLength;
  return libc().getsockopt(fd, SOL_SOCKET, SO_MEMINFO, memory, LENGTH);
}
