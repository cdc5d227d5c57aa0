// Memory for datagrams, with typed views.

import { NLMSG_ALIGN } from "../../ffi/uapi/linux_netlink.ts";

/**
 * Memory for received datagrams, with the views that read it.
 *
 * Source: netlink(7), netlink(3).
 */
export class NetlinkBuffer {
  /** The memory, as bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** For 32-bit fields, which netlink aligns: signed, so V8 never boxes them. */
  readonly words: Int32Array<ArrayBuffer>;
  /** The memory, for other sizes and byte orders. */
  readonly view: DataView<ArrayBuffer>;

  /**
   * Allocates or wraps the memory.
   *
   * @param memory Its size in bytes, or the memory itself; a multiple of 4.
   */
  constructor(memory: number | ArrayBuffer) {
    const buffer = typeof memory === "number"
      ? new ArrayBuffer(memory)
      : memory;
    this.bytes = new Uint8Array(buffer);
    this.words = new Int32Array(buffer, 0, buffer.byteLength >> 2);
    this.view = new DataView(buffer);
  }

  /** A buffer over bytes, or over a copy padded to whole words. */
  static of(bytes: Uint8Array<ArrayBuffer>): NetlinkBuffer {
    if (bytes.length === bytes.buffer.byteLength && bytes.length % 4 === 0) {
      return new NetlinkBuffer(bytes.buffer);
    }
    const buffer = new NetlinkBuffer(NLMSG_ALIGN(bytes.length));
    buffer.bytes.set(bytes);
    return buffer;
  }
}
