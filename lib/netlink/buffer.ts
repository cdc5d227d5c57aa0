// Memory of datagrams.

import { NLMSG_ALIGN } from "../../ffi/uapi/linux_netlink.ts";

/**
 * Memory that datagrams are received into, with the views that read it.
 *
 * Source: netlink(7), netlink(3).
 */
export class NetlinkBuffer {
  /** The memory, as bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** For 32-bit fields, which netlink keeps aligned: signed, so never boxed. */
  readonly words: Int32Array<ArrayBuffer>;
  /** The memory, for other sizes and byte orders. */
  readonly view: DataView<ArrayBuffer>;

  /**
   * Makes or takes the memory.
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

  /** A buffer holding some bytes, or a copy of them padded to whole words. */
  static of(bytes: Uint8Array<ArrayBuffer>): NetlinkBuffer {
    if (bytes.length === bytes.buffer.byteLength && bytes.length % 4 === 0) {
      return new NetlinkBuffer(bytes.buffer);
    }
    const buffer = new NetlinkBuffer(NLMSG_ALIGN(bytes.length));
    buffer.bytes.set(bytes);
    return buffer;
  }
}
