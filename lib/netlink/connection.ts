// Requests and their answers on one netlink socket: one exchange at a time, in
// the order they were asked for.

import { EINTR, EMSGSIZE, SystemError } from "../../ffi/errno.ts";
import { errno, libc } from "../../ffi/libc.ts";
import {
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLM_F_REQUEST,
  NLMSG_ALIGN,
  NLMSG_DONE,
  NLMSG_ERROR,
  NLMSG_HDRLEN,
  NLMSG_MIN_TYPE,
  sockaddr_nl,
} from "../../ffi/layout/linux_netlink.ts";
import { MSG_DONTWAIT, MSG_TRUNC } from "../../ffi/layout/sys_socket.ts";
import { Deadline } from "../deadline.ts";
import type { Descriptor } from "../descriptor.ts";
import { TimeoutError } from "../errors.ts";
import type { WaitOptions } from "../poller.ts";
import { errorNumber, extendedAck } from "./acknowledgement.ts";
import { type NetlinkCounters, noCounts } from "./counters.ts";
import {
  DumpInterruptedError,
  type ExtendedAck,
  NetlinkError,
  type RequestDescription,
} from "./errors.ts";
import { MessageReader, NetlinkBuffer, writeHeader } from "./message.ts";
import {
  askForMore,
  failure,
  type NetlinkSocketOptions,
  nothingYet,
  openSocket,
  ownPort,
} from "./socket.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** How to open a connection. */
export interface NetlinkConnectionOptions extends NetlinkSocketOptions {
  /** What the family's numbers are called, for errors. */
  readonly vocabulary?: Vocabulary;
  /** Room for one datagram, in bytes; it grows when a longer one comes. */
  readonly datagram?: number;
}

/** A message to the kernel. */
export interface NetlinkRequest {
  /** nlmsg_type, for example RTM_NEWLINK. */
  readonly type: number;
  /** nlmsg_flags beside those that say what is asked for (NLM_F_CREATE ...). */
  readonly flags?: number;
  /** The family's struct and its attributes: see AttributeWriter. */
  readonly body: Uint8Array;
  /** What it is for, for errors: "add link veth0". */
  readonly tried?: string;
}

/** What makes an object of a message, or undefined of one to leave out. */
export type Decode<T> = (message: MessageReader) => T | undefined;

/** The answer to a request that was granted. */
export interface Reply<T> {
  /** The objects it brought. */
  readonly objects: T[];
  /** What the kernel warned of, though it did as it was told. */
  readonly warning?: ExtendedAck;
}

/** What a dump is to do when changes in the kernel interrupt it. */
export type OnInterrupt = "retry" | "throw" | "partial";

/** What bounds a dump, and what it does when it is interrupted. */
export interface DumpOptions extends WaitOptions {
  /**
   * - `"retry"` (default): dump again, up to `attempts` times, then throw;
   * - `"throw"`: throw DumpInterruptedError at once;
   * - `"partial"`: give what there is, with `interrupted` set.
   */
  readonly onInterrupt?: OnInterrupt;
  /** How many times to try under `"retry"`; default 10. */
  readonly attempts?: number;
}

/** The objects of a dump. */
export type Dump<T> = T[] & {
  /** Whether changes interrupted it, so that objects may be missing or double. */
  readonly interrupted: boolean;
  /** How many times it was read. */
  readonly attempts: number;
  /** What the kernel warned of at its end. */
  readonly warning?: ExtendedAck;
};

/** Dumps come in datagrams of up to 32 KiB where the reader has room for them. */
const DATAGRAM = 65536;
/** How long to work without letting others, in milliseconds. */
const SLICE = 10;
/** As many acknowledgements as the default receive buffer surely holds. */
const BATCH_REQUESTS = 128;
const BATCH_BYTES = 65536;

/** One request under way. */
interface Pending<T> {
  readonly request: NetlinkRequest;
  readonly sequence: number;
  readonly objects: T[];
  warning?: ExtendedAck;
  error?: NetlinkError;
  done: boolean;
}

/** What an exchange found out besides its answers. */
interface Exchanged<T> {
  readonly pending: Pending<T>[];
  interrupted: boolean;
  truncated: boolean;
}

/**
 * A connection to a family of netlink, such as NETLINK_ROUTE.
 *
 * Several calls may be under way on one connection: they are sent one after
 * the other, each when the one before it is answered. Source: netlink(7).
 *
 * @example
 * ```ts
 * import { NetlinkConnection } from "@netplumb/netplumb";
 *
 * const RTM_GETLINK = 18;
 * await using connection = NetlinkConnection.open({ protocol: 0 });
 * const types = await connection.dump(
 *   { type: RTM_GETLINK, body: new Uint8Array(16) },
 *   (message) => message.type,
 * );
 * console.log(types[0]); // 16, RTM_NEWLINK
 * ```
 */
export class NetlinkConnection implements AsyncDisposable {
  /** What was received and not used. */
  readonly counters: NetlinkCounters = noCounts();
  readonly #descriptor: Descriptor;
  readonly #vocabulary: Vocabulary | undefined;
  readonly #port: number;
  readonly #sender = sockaddr_nl.build({});
  readonly #senderWords = new Int32Array(this.#sender.buffer);
  readonly #senderLength = new Uint8Array(4);
  #buffer: NetlinkBuffer;
  #size: bigint;
  #reader: MessageReader;
  #sequence = Date.now() >>> 0;
  #tail: Promise<void> = Promise.resolve();
  /** The sequence of a dump that was given up before its end. */
  #abandoned: number | undefined;

  private constructor(
    descriptor: Descriptor,
    options: NetlinkConnectionOptions,
  ) {
    this.#descriptor = descriptor;
    this.#vocabulary = options.vocabulary;
    this.#port = ownPort(descriptor.fd);
    this.#buffer = new NetlinkBuffer(options.datagram ?? DATAGRAM);
    this.#size = BigInt(this.#buffer.bytes.length);
    this.#reader = new MessageReader(this.#buffer, this.counters);
  }

  /**
   * Opens a connection.
   *
   * @throws {SystemError} If the kernel has no such family, or the namespace
   * cannot be entered.
   */
  static open(options: NetlinkConnectionOptions): NetlinkConnection {
    const descriptor = openSocket(options);
    askForMore(descriptor.fd);
    return new NetlinkConnection(descriptor, options);
  }

  /** Whether close() was called. */
  get closed(): boolean {
    return this.#descriptor.closed;
  }

  /**
   * Sends a request and waits for its acknowledgement.
   *
   * @param request What to send.
   * @param decode Makes objects of the messages that come before it.
   * @throws {NetlinkError} If the kernel refuses it.
   * @throws {TimeoutError} When the time is over.
   * @throws {ClosedError} When the connection is closed meanwhile.
   */
  async request<T = never>(
    request: NetlinkRequest,
    decode?: Decode<T>,
    options?: WaitOptions,
  ): Promise<Reply<T>> {
    const deadline = new Deadline(this.#describe(request), options);
    const exchanged = await this.#exchange(
      [request],
      NLM_F_ACK,
      decode,
      deadline,
    );
    const [{ error, objects, warning }] = exchanged.pending;
    if (error !== undefined) throw error;
    if (exchanged.truncated) {
      throw new SystemError("recvfrom", EMSGSIZE, {
        tried: this.#describe(request),
        detail: "the answer was longer than the buffer, which has grown since",
      });
    }
    return { objects, ...(warning === undefined ? {} : { warning }) };
  }

  /**
   * Sends many requests, as few datagrams as they fit in, and waits for all
   * acknowledgements. A refused one does not stop those behind it.
   *
   * @returns For each request, in order, its reply or the error it met.
   * @throws {TimeoutError} When the time is over; some may have been carried out.
   */
  async requestMany(
    requests: readonly NetlinkRequest[],
    options?: WaitOptions,
  ): Promise<(Reply<never> | NetlinkError)[]> {
    const deadline = new Deadline(`${requests.length} requests`, options);
    const answers: (Reply<never> | NetlinkError)[] = [];
    for (const batch of batches(requests)) {
      const { pending } = await this.#exchange<never>(
        batch,
        NLM_F_ACK,
        undefined,
        deadline,
      );
      for (const { error, objects, warning } of pending) {
        answers.push(
          error ?? { objects, ...(warning === undefined ? {} : { warning }) },
        );
      }
    }
    return answers;
  }

  /**
   * Reads a table of the kernel's.
   *
   * @param request What to dump; NLM_F_DUMP is added.
   * @param decode Makes an object of each message.
   * @throws {NetlinkError} If the kernel refuses it.
   * @throws {DumpInterruptedError} If changes interrupt it, see `onInterrupt`.
   * @throws {TimeoutError} When the time is over.
   */
  async dump<T>(
    request: NetlinkRequest,
    decode: Decode<T>,
    options: DumpOptions = {},
  ): Promise<Dump<T>> {
    const { onInterrupt = "retry", attempts: limit = 10 } = options;
    const deadline = new Deadline(this.#describe(request), options);
    let partial: T[] = [];
    for (let attempt = 1;; attempt++) {
      try {
        const { pending: [one], interrupted, truncated } = await this.#exchange(
          [request],
          NLM_F_DUMP,
          decode,
          deadline,
        );
        const { error, objects, warning } = one;
        if (error !== undefined && error.errno !== EINTR) throw error;
        const inconsistent = interrupted || truncated || error !== undefined;
        if (!inconsistent || (onInterrupt === "partial" && !truncated)) {
          return Object.assign(objects, {
            interrupted: inconsistent,
            attempts: attempt,
            ...(warning === undefined ? {} : { warning }),
          });
        }
        partial = objects;
        const last = onInterrupt === "throw" || attempt >= limit;
        if (last && !truncated) {
          throw this.#interrupted(request, attempt, partial);
        }
        // Two at once; then the one that changes things gets time to finish.
        if (attempt >= 2) await deadline.pause(1 + Math.random() * 49);
      } catch (error) {
        if (error instanceof TimeoutError && attempt > 1) {
          throw this.#interrupted(request, attempt, partial, error);
        }
        throw error;
      }
    }
  }

  /** Ends what waits for an answer with ClosedError and closes the socket. */
  close(): Promise<void> {
    return this.#descriptor.close();
  }

  /** The same as close(). */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #exchange<T>(
    requests: readonly NetlinkRequest[],
    flags: number,
    decode: Decode<T> | undefined,
    deadline: Deadline,
  ): Promise<Exchanged<T>> {
    const before = this.#tail;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#tail = before.then(() => promise);
    try {
      await deadline.bound(before);
      if (this.#abandoned !== undefined) await this.#finishAbandoned(deadline);
      return await this.#carryOut(requests, flags, decode, deadline);
    } finally {
      resolve();
    }
  }

  async #carryOut<T>(
    requests: readonly NetlinkRequest[],
    flags: number,
    decode: Decode<T> | undefined,
    deadline: Deadline,
  ): Promise<Exchanged<T>> {
    const exchanged: Exchanged<T> = {
      pending: requests.map((request) => ({
        request,
        sequence: this.#sequence = (this.#sequence + 1) >>> 0,
        objects: [],
        done: false,
      })),
      interrupted: false,
      truncated: false,
    };
    this.#send(exchanged.pending, flags);
    let left = requests.length;
    try {
      await this.#read(deadline, (truncated) => {
        exchanged.truncated ||= truncated;
        left -= this.#visit(exchanged, decode);
        return left === 0;
      });
    } catch (error) {
      if (flags === NLM_F_DUMP) {
        this.#abandoned = exchanged.pending[0].sequence;
      }
      throw error;
    }
    return exchanged;
  }

  /** Reads one datagram's messages; how many requests they completed. */
  #visit<T>(
    exchanged: Exchanged<T>,
    decode: Decode<T> | undefined,
  ): number {
    const message = this.#reader;
    const { pending } = exchanged;
    const first = pending[0].sequence;
    let completed = 0;
    while (message.next()) {
      const one = pending[(message.sequence - first) >>> 0];
      if (one === undefined || one.done || message.port !== this.#port) {
        this.counters.foreignSequence++;
        continue;
      }
      if (message.flags & NLM_F_DUMP_INTR) exchanged.interrupted = true;
      if (message.type >= NLMSG_MIN_TYPE) {
        const object = decode?.(message);
        if (object !== undefined) one.objects.push(object);
      } else if (message.type === NLMSG_DONE || message.type === NLMSG_ERROR) {
        this.#complete(one);
        completed++;
      }
    }
    return completed;
  }

  #complete<T>(one: Pending<T>): void {
    const { request } = one;
    const code = errorNumber(this.#reader);
    const ack = extendedAck(this.#reader, request, this.#vocabulary);
    one.done = true;
    if (code !== 0) {
      one.error = new NetlinkError(
        this.#description(request, one.sequence),
        code,
        ack,
        request.tried === undefined ? {} : { tried: request.tried },
      );
    } else if (ack !== undefined) {
      one.warning = ack;
    }
  }

  /** A dump goes on until it is read to its end; another would get EBUSY. */
  async #finishAbandoned(deadline: Deadline): Promise<void> {
    await this.#read(deadline, () => {
      const message = this.#reader;
      while (message.next()) {
        if (
          message.sequence === this.#abandoned &&
          (message.type === NLMSG_DONE || message.type === NLMSG_ERROR)
        ) this.#abandoned = undefined;
      }
      return this.#abandoned === undefined;
    });
  }

  #send(pending: readonly Pending<unknown>[], flags: number): void {
    const sizes = pending.map(({ request }) =>
      NLMSG_ALIGN(NLMSG_HDRLEN + request.body.length)
    );
    const bytes = new Uint8Array(sizes.reduce((sum, size) => sum + size, 0));
    const view = new DataView(bytes.buffer);
    let at = 0;
    pending.forEach(({ request, sequence }, index) => {
      writeHeader(view, at, {
        length: NLMSG_HDRLEN + request.body.length,
        type: request.type,
        flags: NLM_F_REQUEST | flags | (request.flags ?? 0),
        sequence,
      });
      bytes.set(request.body, at + NLMSG_HDRLEN);
      at += sizes[index];
    });
    const sent = libc().send(
      this.#descriptor.fd,
      bytes,
      BigInt(bytes.length),
      MSG_DONTWAIT,
    );
    if (sent < 0) throw failure("send", this.#describe(pending[0].request));
  }

  /** Hands out datagrams until `visit` has what it waits for. */
  async #read(
    deadline: Deadline,
    visit: (truncated: boolean) => boolean,
  ): Promise<void> {
    let sliceEnd = performance.now() + SLICE;
    let truncated = false;
    for (;;) {
      const length = this.#receive(deadline.what);
      if (length < 0) {
        // The end of what was waited for may have been in the part cut off.
        if (truncated) return;
        await deadline.readable(this.#descriptor);
        sliceEnd = performance.now() + SLICE;
        continue;
      }
      const room = this.#buffer.bytes.length;
      this.#reader.reset(0, Math.min(length, room));
      const satisfied = visit(length > room);
      if (length > room) {
        truncated = true;
        this.#grow(length);
      }
      if (satisfied) return;
      if (performance.now() >= sliceEnd) {
        await deadline.pause();
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
        this.#descriptor.fd,
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

  #interrupted(
    request: NetlinkRequest,
    attempts: number,
    partial: readonly unknown[],
    cause?: unknown,
  ): DumpInterruptedError {
    return new DumpInterruptedError(
      this.#description(request, this.#sequence),
      attempts,
      partial,
      cause === undefined ? undefined : { cause },
    );
  }

  #description(request: NetlinkRequest, sequence: number): RequestDescription {
    return {
      type: request.type,
      name: this.#name(request.type),
      flags: request.flags ?? 0,
      sequence,
    };
  }

  #describe(request: NetlinkRequest): string {
    return request.tried ?? `netlink request ${this.#name(request.type)}`;
  }

  #name(type: number): string {
    return this.#vocabulary?.message(type) ?? `message type ${type}`;
  }
}

/** Requests in groups that fit a datagram and whose answers fit the socket. */
function* batches(
  requests: readonly NetlinkRequest[],
): Generator<NetlinkRequest[]> {
  let batch: NetlinkRequest[] = [];
  let bytes = 0;
  for (const request of requests) {
    const size = NLMSG_ALIGN(NLMSG_HDRLEN + request.body.length);
    if (
      batch.length === BATCH_REQUESTS ||
      (batch.length > 0 && bytes + size > BATCH_BYTES)
    ) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(request);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}
