// One block of memory that holds message headers and everything they point to.
// Because the block itself is the buffer argument of the system call, nothing a
// header points to can be collected while the kernel uses it.

import { iovec, mmsghdr, msghdr } from "../../ffi/layout/sys_socket.ts";

const HI = 2 ** 32;

/** Offsets in 32-bit words, for reading headers through an Int32Array. */
export const HEADER_WORDS = mmsghdr.size / 4;
export const NAME = msghdr.fields.msg_name.offset / 4;
export const NAMELEN = msghdr.fields.msg_namelen.offset / 4;
export const IOV = msghdr.fields.msg_iov.offset / 4;
export const IOVLEN = msghdr.fields.msg_iovlen.offset / 4;
export const CONTROL = msghdr.fields.msg_control.offset / 4;
export const CONTROLLEN = msghdr.fields.msg_controllen.offset / 4;
export const FLAGS = msghdr.fields.msg_flags.offset / 4;
export const LENGTH = mmsghdr.fields.msg_len.offset / 4;
export const IOV_BASE = iovec.fields.iov_base.offset / 4;
export const IOV_LENGTH = iovec.fields.iov_len.offset / 4;

/** Room for a sockaddr_in6 (28 bytes), kept aligned. */
export const NAME_STRIDE = 32;

export class Memory {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly words: Int32Array<ArrayBuffer>;
  readonly view: DataView<ArrayBuffer>;
  /** Where the block stands; below 2^47, so exact as a number. */
  readonly address: number;

  constructor(size: number) {
    const buffer = new ArrayBuffer((size + 7) & ~7);
    this.bytes = new Uint8Array(buffer);
    this.words = new Int32Array(buffer);
    this.view = new DataView(buffer);
    this.address = Number(
      Deno.UnsafePointer.value(Deno.UnsafePointer.of(this.bytes)),
    );
  }

  /** Writes an address into the pointer at a word index, without a BigInt. */
  point(word: number, address: number): void {
    this.words[word] = address | 0;
    this.words[word + 1] = (address / HI) | 0;
  }
}
