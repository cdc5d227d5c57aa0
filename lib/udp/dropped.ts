// What the kernel counts of a socket without being asked beside each datagram.

import { SK_MEMINFO_DROPS } from "../../ffi/layout/linux_sock_diag.ts";
import { unwrap } from "../../ffi/libc.ts";
import { readSocketMemory, socketMemory } from "../socket_memory.ts";

/** Datagrams dropped at a socket so far. */
export function droppedAt(fd: number): number {
  const memory = socketMemory();
  unwrap(readSocketMemory(fd, memory), "getsockopt", {
    tried: "count what a socket dropped",
  });
  return memory[SK_MEMINFO_DROPS];
}
