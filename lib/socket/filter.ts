// Socket filters: classic BPF programs that the kernel runs on each packet before
// it queues it.

import { sock_filter, sock_fprog } from "../../ffi/uapi/linux_filter.ts";
import {
  SO_ATTACH_FILTER,
  SO_DETACH_FILTER,
  SOL_SOCKET,
} from "../../ffi/uapi/sys_socket.ts";
import { setOption } from "./option.ts";

/** A classic BPF instruction: opcode, jump offsets if true and if false, operand. */
export type FilterInstruction = readonly [
  code: number,
  jt: number,
  jf: number,
  k: number,
];

/**
 * Attaches a filter; a socket has one, which replaces the one before.
 *
 * @param program 1 to 4096 instructions; they return the bytes to keep, 0 to drop
 * the packet.
 * @throws {SystemError} EINVAL for a program that the kernel's verifier refuses.
 */
export function attachFilter(
  fd: number,
  program: readonly FilterInstruction[],
): void {
  const code = new Uint8Array(program.length * sock_filter.size);
  const view = new DataView(code.buffer);
  program.forEach(([code, jt, jf, k], index) =>
    sock_filter.assign(view, index * sock_filter.size, { code, jt, jf, k })
  );
  const request = sock_fprog.build({
    len: program.length,
    filter: Deno.UnsafePointer.value(Deno.UnsafePointer.of(code)),
  });
  setOption(fd, SOL_SOCKET, { SO_ATTACH_FILTER }, request, () => ({
    // Naming `code` here also keeps it referenced during the call.
    tried: `attach a filter of ${code.length / sock_filter.size} instructions`,
  }));
}

/** Removes the filter. @throws {SystemError} ENOENT without one. */
export function detachFilter(fd: number): void {
  setOption(fd, SOL_SOCKET, { SO_DETACH_FILTER }, 0);
}
