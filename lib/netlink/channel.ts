// The datagrams of a request socket: sent whole, received from the kernel alone
// into one buffer that grows when it must.

import { EINTR } from "../../ffi/errno.ts";
import { errno, libc } from "../../ffi/libc.ts";
import { NLMSG_ALIGN, sockaddr_nl } from "../../ffi/layout/linux_netlink.ts";
import { MSG_DONTWAIT, MSG_TRUNC } from "../../ffi/layout/sys_socket.ts";
import type { Deadline } from "../deadline.ts";
import type { Descriptor } from "../descriptor.ts";
import { type NetlinkCounters, noCounts } from "./counters.ts";
import { MessageReader, NetlinkBuffer } from "./message.ts";
import { failure, nothingYet } from "./socket.ts";

/** Dumps come in datagrams of up to 32 KiB where the reader has room for them. */
const DATAGRAM = 65536;
/** How long to work without letting others, in milliseconds. */
const SLICE = 20;

export class Channel {
  readonly counters: NetlinkCounters = noCounts();
  readonly #sender = sockaddr_nl.build({});
  readonly #senderWords = new Int32Array(this.#sender.buffer);
  readonly #senderLength = new Uint8Array(4);
  #buffer: NetlinkBuffer;
  #size: bigint;
  #reader: MessageReader;

  /** @param datagram Room for one datagram, in bytes. */
  constructor(readonly descriptor: Descriptor, datagram: number = DATAGRAM) {
    this.#buffer = new NetlinkBuffer(datagram);
    this.#size = BigInt(datagram);
    this.#reader = new MessageReader(this.#buffer, this.counters);
  }

  /** Sends a datagram; the kernel has acted on it when this returns. */
  send(bytes: Uint8Array<ArrayBuffer>, what: string): void {
    const { send } = libc();
    const { fd } = this.descriptor;
    const length = BigInt(bytes.length);
    while (send(fd, bytes, length, MSG_DONTWAIT) < 0) {
      if (errno() !== EINTR) throw failure("send", what);
    }
  }

  /**
   * Hands out datagrams until `visit` has what it waits for.
   *
   * @param visit Walks the messages of one; `truncated` says that its end is
   * lost. The reader is only valid within the call.
   * @param waiting Whether to wait for more where there is none.
   */
  async read(
    deadline: Deadline,
    visit: (messages: MessageReader, truncated: boolean) => boolean,
    waiting = true,
  ): Promise<void> {
    let sliceEnd = performance.now() + SLICE;
    let truncated = false;
    for (;;) {
      const length = this.#receive(deadline.what);
      if (length < 0) {
        // The end of what was waited for may have been in the part cut off.
        if (truncated || !waiting) return;
        await deadline.readable(this.descriptor);
        sliceEnd = performance.now() + SLICE;
        continue;
      }
      const room = this.#buffer.bytes.length;
      this.#reader.reset(0, Math.min(length, room));
      const satisfied = visit(this.#reader, length > room);
      if (length > room) {
        truncated = true;
        this.#grow(length);
      }
      if (satisfied) return;
      if (performance.now() >= sliceEnd) {
        // More is there already; to wait for it lets others have their turn,
        // and costs less than a timer.
        await (truncated
          ? deadline.pause()
          : deadline.readable(this.descriptor));
        sliceEnd = performance.now() + SLICE;
      }
    }
  }

  /** One datagram of the kernel's: its whole length, or -1 while there is none. */
  #receive(what: string): number {
    const { recvfrom } = libc();
    for (;;) {
      this.#senderLength[0] = sockaddr_nl.size;
      const length = recvfrom(
        this.descriptor.fd,
        this.#buffer.bytes,
        this.#size,
        MSG_DONTWAIT | MSG_TRUNC,
        this.#sender,
        this.#senderLength,
      );
      if (length < 0) {
        if (nothingYet(errno())) return -1;
        throw failure("recvfrom", what);
      }
      if (this.#senderWords[1] === 0) return length;
      this.counters.foreignSender++;
    }
  }

  #grow(length: number): void {
    this.counters.truncated++;
    this.#buffer = new NetlinkBuffer(NLMSG_ALIGN(length * 2));
    this.#size = BigInt(this.#buffer.bytes.length);
    this.#reader = new MessageReader(this.#buffer, this.counters);
  }
}
