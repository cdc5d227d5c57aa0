// Datagrams of a request socket: sent as they are, received only from the
// kernel, into a buffer that grows when a datagram is truncated.

import { EINTR } from "../../ffi/errno.ts";
import { errno, libc } from "../../ffi/libc.ts";
import { NLMSG_ALIGN, sockaddr_nl } from "../../ffi/uapi/linux_netlink.ts";
import { MSG_DONTWAIT, MSG_TRUNC } from "../../ffi/uapi/sys_socket.ts";
import type { Deadline } from "../io/deadline.ts";
import type { Descriptor } from "../io/descriptor.ts";
import { yieldIfDue } from "../io/yield.ts";
import { type NetlinkCounters, noCounts } from "./counters.ts";
import { NetlinkBuffer } from "./buffer.ts";
import { MessageReader } from "./message.ts";
import { failure, isNothingQueued } from "./socket.ts";

/** The kernel sends dumps in datagrams of up to 32 KiB if the buffer is large enough. */
const DATAGRAM = 65536;

/** Bytes of a block of datagrams that are retained. */
const RETAINED_BLOCK = 1 << 20;

/**
 * Memory that datagrams are received into: always the same, or a new part for each
 * datagram that is retained.
 */
class ReceiveBuffer {
  /** The part for the next datagram. */
  window!: Uint8Array<ArrayBuffer>;
  /** Its size, as recvfrom() takes it. */
  readonly size: bigint;
  #reader!: MessageReader;
  #at = 0;

  /**
   * @param capacity Bytes for one datagram.
   * @param retain Whether received datagrams must not be overwritten.
   */
  constructor(
    readonly capacity: number,
    readonly counters: NetlinkCounters,
    readonly retain = false,
  ) {
    this.size = BigInt(capacity);
    this.#allocate();
  }

  /** The messages of the received datagram, as far as it fit. */
  messages(length: number): MessageReader {
    this.#reader.reset(this.#at, this.#at + Math.min(length, this.capacity));
    return this.#reader;
  }

  /** Prepares for the next datagram. */
  advance(length: number): void {
    if (!this.retain) return;
    this.#at += NLMSG_ALIGN(length);
    const { bytes } = this.#reader;
    if (this.#at + this.capacity > bytes.length) this.#allocate();
    else this.window = bytes.subarray(this.#at, this.#at + this.capacity);
  }

  #allocate(): void {
    const size = this.retain
      ? Math.max(RETAINED_BLOCK, this.capacity)
      : this.capacity;
    const buffer = new NetlinkBuffer(size);
    this.#reader = new MessageReader(buffer, this.counters);
    this.#at = 0;
    this.window = buffer.bytes.subarray(0, this.capacity);
  }
}

/** Options of a read. */
interface ReadOptions {
  /** Whether to wait when nothing is queued; default: true. */
  readonly waiting?: boolean;
  /** Whether the memory of the messages must not be reused; default: false. */
  readonly retain?: boolean;
}

export class Channel {
  readonly counters: NetlinkCounters = noCounts();
  readonly #sender = sockaddr_nl.build({});
  readonly #senderWords = new Int32Array(this.#sender.buffer);
  readonly #senderLength = new Uint8Array(4);
  #buffer: ReceiveBuffer;

  /** @param datagram Buffer for one datagram, in bytes. */
  constructor(readonly descriptor: Descriptor, datagram: number = DATAGRAM) {
    this.#buffer = new ReceiveBuffer(datagram, this.counters);
  }

  /** Sends a datagram; the kernel has processed it when this returns. */
  send(bytes: Uint8Array<ArrayBuffer>, what: string): void {
    const { send } = libc();
    const { fd } = this.descriptor;
    const length = BigInt(bytes.length);
    while (send(fd, bytes, length, MSG_DONTWAIT) < 0) {
      if (errno() !== EINTR) throw failure("send", what);
    }
  }

  /**
   * Reads datagrams until `visit` returns true.
   *
   * @param visit Visits the messages of a datagram; `truncated` says that its end
   * is lost. The reader is valid within the call.
   */
  async read(
    deadline: Deadline,
    visit: (messages: MessageReader, truncated: boolean) => boolean,
    { waiting = true, retain = false }: ReadOptions = {},
  ): Promise<void> {
    let truncated = false;
    let buffer = retain
      ? new ReceiveBuffer(this.#buffer.capacity, this.counters, true)
      : this.#buffer;
    for (;;) {
      const length = this.#receive(buffer, deadline.what);
      if (length < 0) {
        // The awaited end may have been in the part that was cut off.
        if (truncated || !waiting) return;
        await deadline.readable(this.descriptor);
        continue;
      }
      const tooLong = length > buffer.capacity;
      const complete = visit(buffer.messages(length), tooLong);
      if (tooLong) {
        truncated = true;
        buffer = this.#grow(length);
      } else buffer.advance(length);
      if (complete) return;
      const turn = yieldIfDue();
      if (turn !== undefined) await deadline.bound(turn);
    }
  }

  /** Receives a datagram of the kernel: its full length, or -1 if none is queued. */
  #receive(buffer: ReceiveBuffer, what: string): number {
    const { recvfrom } = libc();
    for (;;) {
      this.#senderLength[0] = sockaddr_nl.size;
      const length = recvfrom(
        this.descriptor.fd,
        buffer.window,
        buffer.size,
        MSG_DONTWAIT | MSG_TRUNC,
        this.#sender,
        this.#senderLength,
      );
      if (length < 0) {
        if (isNothingQueued(errno())) return -1;
        throw failure("recvfrom", what);
      }
      if (this.#senderWords[1] === 0) return length;
      this.counters.foreignSender++;
    }
  }

  /** Allocates a larger buffer for the next read: the cut-off part is lost. */
  #grow(length: number): ReceiveBuffer {
    this.counters.truncated++;
    return this.#buffer = new ReceiveBuffer(
      NLMSG_ALIGN(length * 2),
      this.counters,
    );
  }
}
