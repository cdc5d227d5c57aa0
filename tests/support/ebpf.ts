// eBPF programs that return a number.

import { libc, unwrap } from "../../ffi/libc.ts";

const BPF_PROG_LOAD = 5;
const BPF_PROG_TYPE_SOCKET_FILTER = 1;
const SYS_BPF: Readonly<Record<string, bigint>> = {
  x86_64: 321n,
  aarch64: 280n,
};

function addressOf(bytes: Uint8Array<ArrayBuffer>): bigint {
  return Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes));
}

/** Loads a socket filter that returns `value`; gives its descriptor. */
export function loadFilter(value: number): number {
  // r0 = value; exit
  const code = new Uint8Array(16);
  code[0] = 0xb7;
  new DataView(code.buffer).setInt32(4, value, true);
  code[8] = 0x95;
  const license = new TextEncoder().encode("GPL\0");
  const attr = new Uint8Array(144);
  const view = new DataView(attr.buffer);
  view.setUint32(0, BPF_PROG_TYPE_SOCKET_FILTER, true);
  view.setUint32(4, 2, true);
  view.setBigUint64(8, addressOf(code), true);
  view.setBigUint64(16, addressOf(license), true);
  const number = SYS_BPF[Deno.build.arch]!;
  const fd = libc().bpf(number, BPF_PROG_LOAD, attr, attr.length);
  unwrap(fd, "bpf", { tried: `load ${code.length + license.length} bytes` });
  return fd;
}
