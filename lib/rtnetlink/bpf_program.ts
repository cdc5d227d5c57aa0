// Reads information about a BPF program by its id.

import { libc } from "../../ffi/libc.ts";
import {
  bpf_attr,
  BPF_OBJ_GET_INFO_BY_FD,
  BPF_PROG_GET_FD_BY_ID,
  bpf_prog_info,
} from "../../ffi/uapi/linux_bpf.ts";

/** A BPF program. Source: bpf(2), linux/bpf.h. */
export interface BpfProgram {
  /** Its name, up to 15 bytes; empty if it has none. */
  readonly name: string;
  /** The hash of its instructions, in hexadecimal. */
  readonly tag: string;
  /** Whether it is JIT-compiled. */
  readonly jited: boolean;
  /** When it was loaded, in nanoseconds since boot. */
  readonly loadTime: number;
  /** The uid of the process that loaded it. */
  readonly createdByUid: number;
  /** The id of its BTF type information, 0 for none. */
  readonly btfId: number;
}

const SYS_bpf = { x86_64: 321n, aarch64: 280n };

function bpf(
  command: number,
  attributes: Partial<Parameters<typeof bpf_attr.build>[0]>,
): number {
  const bytes = bpf_attr.build(attributes);
  const number = SYS_bpf[Deno.build.arch];
  return libc().bpf(number, command, bytes, bytes.length);
}

/**
 * Reads information about a BPF program, for example the XDP program of a link.
 *
 * Source: bpf(2).
 *
 * @param id The id of the program.
 * @returns undefined if it does not exist, and without CAP_SYS_ADMIN.
 */
export function bpfProgram(id: number): BpfProgram | undefined {
  const fd = bpf(BPF_PROG_GET_FD_BY_ID, { prog_id: id });
  if (fd < 0) return undefined;
  try {
    const bytes = new Uint8Array(bpf_prog_info.size);
    const result = bpf(BPF_OBJ_GET_INFO_BY_FD, {
      "info.bpf_fd": fd,
      "info.info_len": bytes.length,
      "info.info": Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes)),
    });
    if (result < 0) return undefined;
    const info = bpf_prog_info.get(new DataView(bytes.buffer), 0);
    return {
      name: info.name,
      tag: info.tag.toHex(),
      jited: info.jited_prog_len > 0,
      loadTime: Number(info.load_time),
      createdByUid: info.created_by_uid,
      btfId: info.btf_id,
    };
  } finally {
    libc().close(fd);
  }
}
