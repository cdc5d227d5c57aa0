// BPF programs of sockets: filters, which the kernel runs on each packet before
// it queues it, and programs that select the socket of a SO_REUSEPORT group.

import { sock_filter, sock_fprog } from "../../ffi/uapi/linux_filter.ts";
import {
  SO_ATTACH_BPF,
  SO_ATTACH_FILTER,
  SO_ATTACH_REUSEPORT_CBPF,
  SO_ATTACH_REUSEPORT_EBPF,
  SO_DETACH_FILTER,
  SO_DETACH_REUSEPORT_BPF,
  SOL_SOCKET,
} from "../../ffi/uapi/sys_socket.ts";
import { ArgumentError, wholeNumber } from "../errors.ts";
import { type NamedOption, setOption } from "./option.ts";

/** A classic BPF instruction: opcode, jump offsets if true and if false, operand. */
export type FilterInstruction = readonly [
  code: number,
  jt: number,
  jf: number,
  k: number,
];

/** A loaded eBPF program, by its descriptor. */
export interface BpfProgramFd {
  /** The number of the descriptor, which stays the caller's. */
  readonly fd: number;
}

/** A BPF program: classic BPF instructions, or a loaded eBPF program. */
export type SocketProgram = readonly FilterInstruction[] | BpfProgramFd;

/** A filter that drops every packet: `ret #0`. */
export const DROP_ALL: readonly FilterInstruction[] = [[0x06, 0, 0, 0]];

/** The most instructions of a classic BPF program. */
const BPF_MAXINSNS = 4096;

/** @throws {ArgumentError} Unless it is a program of 1 to 4096 instructions. */
export function checkProgram(argument: string, program: SocketProgram): void {
  if ("fd" in program) {
    wholeNumber(`${argument}.fd`, program.fd, 0, 0x7fffffff);
  } else if (program.length < 1 || program.length > BPF_MAXINSNS) {
    const expected = `a program of 1 to ${BPF_MAXINSNS} instructions`;
    throw new ArgumentError(
      argument,
      `${program.length} instructions`,
      expected,
    );
  }
}

/**
 * Attaches a filter; a socket has one, which replaces the one before.
 *
 * @param program It returns the bytes to keep, 0 to drop the packet.
 * @throws {SystemError} EINVAL for a program that the kernel's verifier refuses.
 */
export function attachFilter(fd: number, program: SocketProgram): void {
  attach(fd, program, "filter", { SO_ATTACH_FILTER }, { SO_ATTACH_BPF });
}

/** Removes the filter. @throws {SystemError} ENOENT without one. */
export function detachFilter(fd: number): void {
  setOption(fd, SOL_SOCKET, { SO_DETACH_FILTER }, 0);
}

/**
 * Attaches the program that selects a socket of the SO_REUSEPORT group for each
 * datagram; one for the group, which replaces the one before.
 *
 * @param program It returns the index of the socket in the group, in the order of
 * bind(2). It sees the datagram from the UDP payload on.
 * @throws {SystemError}
 */
export function attachReusePortProgram(
  fd: number,
  program: SocketProgram,
): void {
  attach(
    fd,
    program,
    "SO_REUSEPORT program",
    { SO_ATTACH_REUSEPORT_CBPF },
    { SO_ATTACH_REUSEPORT_EBPF },
  );
}

/** Removes it. @throws {SystemError} ENOENT without one. */
export function detachReusePortProgram(fd: number): void {
  setOption(fd, SOL_SOCKET, { SO_DETACH_REUSEPORT_BPF }, 0);
}

function attach(
  fd: number,
  program: SocketProgram,
  what: string,
  classic: NamedOption,
  extended: NamedOption,
): void {
  if ("fd" in program) {
    setOption(fd, SOL_SOCKET, extended, program.fd, () => ({
      tried: `attach a ${what}, the eBPF program of descriptor ${program.fd}`,
    }));
    return;
  }
  const code = new Uint8Array(program.length * sock_filter.size);
  const view = new DataView(code.buffer);
  program.forEach(([code, jt, jf, k], index) =>
    sock_filter.assign(view, index * sock_filter.size, { code, jt, jf, k })
  );
  const request = sock_fprog.build({
    len: program.length,
    filter: Deno.UnsafePointer.value(Deno.UnsafePointer.of(code)),
  });
  setOption(fd, SOL_SOCKET, classic, request, () => ({
    // Naming `code` here also keeps it referenced during the call.
    tried: `attach a ${what} of ${code.length / sock_filter.size} instructions`,
  }));
}
