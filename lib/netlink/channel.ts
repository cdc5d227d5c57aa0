// The datagrams of a request socket: sent whole, received from the kernel alone
// into one buffer that grows when it must.

import { EINTR } from "../../ffi/errno.ts";
import { errno, libc } from "../../ffi/libc.ts";
import { NLMSG_ALIGN, sockaddr_nl } from "../../ffi/uapi/linux_netlink.ts";
import { MSG_DONTWAIT, MSG_TRUNC } from "../../ffi/uapi/sys_socket.ts";
import type { Deadline } from "../io/deadline.ts";
import type { Descriptor } from "../io/descriptor.ts";
import { yieldIfDue } from "../io/yield.ts";
import { type NetlinkCounters, noCounts } from "./counters.ts";
import { Landing } from "./landing.ts";
import type { MessageReader } from "./message.ts";
import { failure, nothingYet } from "./socket.ts";

/** Dumps come in datagrams of up to 32 KiB where the reader has room for them. */
const DATAGRAM = 65536;

/** How to read. */
interface ReadOptions {
  /** Whether to wait for more where there is none; default: true. */
  readonly waiting?: boolean;
  /** Whether the memory of the messages stays as it is; default: false. */
  readonly keeps?: boolean;
}

export class Channel {
  readonly counters: NetlinkCounters = noCounts();
  readonly #sender = sockaddr_nl.build({});
  readonly #senderWords = new Int32Array(this.#sender.buffer);
  readonly #senderLength = new Uint8Array(4);
  #landing: Landing;

  /** @param datagram Room for one datagram, in bytes. */
  constructor(readonly descriptor: Descriptor, datagram: number = DATAGRAM) {
    this.#landing = new Landing(datagram, this.counters);
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
   * @param how Whether to wait, whether to keep.
   */
  async read(
    deadline: Deadline,
    visit: (messages: MessageReader, truncated: boolean) => boolean,
    { waiting = true, keeps = false }: ReadOptions = {},
  ): Promise<void> {
    let truncated = false;
    let landing = keeps
      ? new Landing(this.#landing.room, this.counters, true)
      : this.#landing;
    for (;;) {
      const length = this.#receive(landing, deadline.what);
      if (length < 0) {
        // The end of what was waited for may have been in the part cut off.
        if (truncated || !waiting) return;
        await deadline.readable(this.descriptor);
        continue;
      }
      const tooLong = length > landing.room;
      const satisfied = visit(landing.messages(length), tooLong);
      if (tooLong) {
        truncated = true;
        landing = this.#grow(length);
      } else landing.advance(length);
      if (satisfied) return;
      const turn = yieldIfDue();
      if (turn !== undefined) await deadline.bound(turn);
    }
  }

  /** One datagram of the kernel's: its whole length, or -1 while there is none. */
  #receive(landing: Landing, what: string): number {
    const { recvfrom } = libc();
    for (;;) {
      this.#senderLength[0] = sockaddr_nl.size;
      const length = recvfrom(
        this.descriptor.fd,
        landing.window,
        landing.size,
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

  /** What was cut off is lost, and so is a dump: the next has more room. */
  #grow(length: number): Landing {
    this.counters.truncated++;
    return this.#landing = new Landing(NLMSG_ALIGN(length * 2), this.counters);
  }
}
