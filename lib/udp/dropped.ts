// What the kernel counts of a socket without being asked beside each datagram.

import {
  SK_MEMINFO_DROPS,
  SK_MEMINFO_VARS,
} from "../../ffi/layout/linux_sock_diag.ts";
import { SO_MEMINFO, SOL_SOCKET } from "../../ffi/layout/sys_socket.ts";
import { libc, unwrap } from "../../ffi/libc.ts";

/** Datagrams dropped at a socket so far. */
export function droppedAt(fd: number): number {
  const counts = new Uint32Array(SK_MEMINFO_VARS);
  const size = new Uint32Array([counts.byteLength]);
  unwrap(
    libc().getsockopt(fd, SOL_SOCKET, SO_MEMINFO, counts, size),
    "getsockopt",
    { tried: "count what a socket dropped" },
  );
  return counts[SK_MEMINFO_DROPS];
}
