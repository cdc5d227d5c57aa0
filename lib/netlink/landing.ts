// Where datagrams are received: always in the same place, or each behind the
// one before it, for those who keep what they have received.

import { NLMSG_ALIGN } from "../../ffi/uapi/linux_netlink.ts";
import type { NetlinkCounters } from "./counters.ts";
import { NetlinkBuffer } from "./buffer.ts";
import { MessageReader } from "./message.ts";

/** So many datagrams' bytes in one piece of memory. */
const PIECE = 1 << 20;

export class Landing {
  /** The room for the next datagram. */
  window!: Uint8Array<ArrayBuffer>;
  /** Its size, as recvfrom() takes it. */
  readonly size: bigint;
  #reader!: MessageReader;
  #at = 0;

  /**
   * @param room For one datagram, in bytes.
   * @param keeps Whether what was received stays.
   */
  constructor(
    readonly room: number,
    readonly counters: NetlinkCounters,
    readonly keeps = false,
  ) {
    this.size = BigInt(room);
    this.#allocate();
  }

  /** The messages of the datagram that was received, as far as it had room. */
  messages(length: number): MessageReader {
    this.#reader.reset(this.#at, this.#at + Math.min(length, this.room));
    return this.#reader;
  }

  /** Makes room for the next one. */
  advance(length: number): void {
    if (!this.keeps) return;
    this.#at += NLMSG_ALIGN(length);
    const { bytes } = this.#reader;
    if (this.#at + this.room > bytes.length) this.#allocate();
    else this.window = bytes.subarray(this.#at, this.#at + this.room);
  }

  #allocate(): void {
    const size = this.keeps ? Math.max(PIECE, this.room) : this.room;
    const buffer = new NetlinkBuffer(size);
    this.#reader = new MessageReader(buffer, this.counters);
    this.#at = 0;
    this.window = buffer.bytes.subarray(0, this.room);
  }
}
