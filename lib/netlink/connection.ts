// Requests, batches of them and dumps on one netlink socket.

import { EINTR, EMSGSIZE, SystemError } from "../../ffi/errno.ts";
import {
  NLM_F_ACK,
  NLM_F_DUMP,
  NLMSG_ALIGN,
  NLMSG_HDRLEN,
} from "../../ffi/uapi/linux_netlink.ts";
import { Deadline } from "../io/deadline.ts";
import type { Descriptor } from "../io/descriptor.ts";
import { TimeoutError } from "../errors.ts";
import type { WaitOptions } from "../io/reactor.ts";
import { Channel } from "./channel.ts";
import type { NetlinkCounters } from "./counters.ts";
import {
  DumpInterruptedError,
  type ExtendedAck,
  type NetlinkError,
} from "./errors.ts";
import { type Decode, Exchanger, type NetlinkRequest } from "./exchange.ts";
import { LazyList } from "./lazy_list.ts";
import type { MessageReader } from "./message.ts";
import { Parts } from "./parts.ts";
import {
  type NetlinkSocketOptions,
  openNetlinkSocket,
  setRequestOptions,
} from "./socket.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** How to open a connection. */
export interface NetlinkConnectionOptions extends NetlinkSocketOptions {
  /**
   * What the family's numbers are called, for errors.
   *
   * @internal
   */
  readonly vocabulary?: Vocabulary | undefined;
  /** Room for one datagram, in bytes; it grows when a longer one comes. */
  readonly datagram?: number | undefined;
}

/** The answer to a request that was granted. */
export interface Reply<T> {
  /** The objects it brought. */
  readonly objects: T[];
  /** What the kernel warned of, though it did as it was told. */
  readonly warning?: ExtendedAck;
}

/** What bounds a dump, and what it does when it is interrupted. */
export interface DumpOptions extends WaitOptions {
  /**
   * - `"retry"` (default): dump again, up to `attempts` times, then throw;
   * - `"throw"`: throw DumpInterruptedError at once;
   * - `"partial"`: give what there is, with `interrupted` set.
   */
  readonly onInterrupt?: "retry" | "throw" | "partial" | undefined;
  /** How many times to try under `"retry"`; default 10. */
  readonly attempts?: number | undefined;
}

/** What a dump is to do when changes in the kernel interrupt it. */
export type OnInterrupt = NonNullable<DumpOptions["onInterrupt"]>;

/** How a dump went. */
export interface DumpOutcome {
  /** Whether changes interrupted it, so that objects may be missing or double. */
  readonly interrupted: boolean;
  /** How many times it was read. */
  readonly attempts: number;
  /** What the kernel warned of at its end. */
  readonly warning?: ExtendedAck;
}

/** The objects of a dump. */
export type Dump<T> = T[] & DumpOutcome;

/** The messages of a dump, each of which becomes an object when asked for. */
export type LazyDump<T> = LazyList<T> & DumpOutcome;

/** What the messages of one attempt go into. */
interface Gathering<R> {
  /** Whether their memory has to stay as it is. */
  readonly keeps: boolean;
  take(message: MessageReader): undefined;
  all(): R;
}

/** As many acknowledgements as the default receive buffer surely holds. */
const BATCH_REQUESTS = 128;
const BATCH_BYTES = 65536;

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
  readonly #channel: Channel;
  readonly #exchanger: Exchanger;

  private constructor(
    descriptor: Descriptor,
    { datagram, vocabulary }: NetlinkConnectionOptions,
  ) {
    this.#channel = new Channel(descriptor, datagram);
    this.#exchanger = new Exchanger(this.#channel, vocabulary);
  }

  /**
   * Opens a connection.
   *
   * @param options Which family of netlink, and where.
   * @throws {SystemError} If the kernel has no such family, or the namespace
   * cannot be entered.
   */
  static open(options: NetlinkConnectionOptions): NetlinkConnection {
    const descriptor = openNetlinkSocket(options);
    try {
      setRequestOptions(descriptor.fd);
      return new NetlinkConnection(descriptor, options);
    } catch (error) {
      // Nobody waits on it yet, so it is closed before this returns.
      void descriptor.close();
      throw error;
    }
  }

  /** What was received and not used. */
  get counters(): NetlinkCounters {
    return this.#channel.counters;
  }

  /** Whether close() was called. */
  get closed(): boolean {
    return this.#channel.descriptor.closed;
  }

  /**
   * Sends a request and waits for its acknowledgement.
   *
   * @param request What to send.
   * @param decode Makes objects of the messages that come before it.
   * @param options What ends the wait; `timeout` in milliseconds.
   * @throws {NetlinkError} If the kernel refuses it.
   * @throws {TimeoutError} When the time is over.
   * @throws {ClosedError} When the connection is closed meanwhile.
   */
  async request<T = never>(
    request: NetlinkRequest,
    decode?: Decode<T>,
    options?: WaitOptions,
  ): Promise<Reply<T>> {
    const deadline = new Deadline(this.#exchanger.describe(request), options);
    const exchanged = await this.#exchanger.exchange(
      [request],
      NLM_F_ACK,
      decode,
      deadline,
    );
    const { error, objects, warning } = exchanged.pending[0]!;
    if (error !== undefined) throw error;
    if (exchanged.truncated) {
      throw new SystemError("recvfrom", EMSGSIZE, {
        tried: this.#exchanger.describe(request),
        detail: "the answer was longer than the buffer, which has grown since",
      });
    }
    return { objects, ...(warning === undefined ? {} : { warning }) };
  }

  /**
   * Sends many requests, as few datagrams as they fit in, and waits for all
   * acknowledgements. A refused one does not stop those behind it.
   *
   * @param requests What to send, in this order.
   * @param options What ends the wait; `timeout` in milliseconds.
   * @returns For each request, in order, its reply or the error it met.
   * @throws {TimeoutError} When the time is over; some may have been carried
   * out.
   * @throws {ClosedError} When the connection is closed meanwhile.
   */
  async requestMany(
    requests: readonly NetlinkRequest[],
    options?: WaitOptions,
  ): Promise<(Reply<never> | NetlinkError)[]> {
    const deadline = new Deadline(`${requests.length} requests`, options);
    const answers: (Reply<never> | NetlinkError)[] = [];
    for (const batch of batches(requests)) {
      const { pending } = await this.#exchanger.exchange<never>(
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
   * @param options What an interruption means, and what ends the wait;
   * `timeout` in milliseconds for all attempts.
   * @throws {NetlinkError} If the kernel refuses it.
   * @throws {DumpInterruptedError} If changes interrupt it, see `onInterrupt`.
   * @throws {TimeoutError} When the time is over.
   * @throws {ClosedError} When the connection is closed meanwhile.
   */
  dump<T>(
    request: NetlinkRequest,
    decode: Decode<T>,
    options?: DumpOptions,
  ): Promise<Dump<T>> {
    return this.#dump(request, options, () => {
      const parts = new Parts<T>();
      return {
        keeps: false,
        take(message): undefined {
          const object = decode(message);
          if (object !== undefined) parts.add(object);
        },
        all: () => parts.all(),
      };
    });
  }

  /**
   * Reads a table of the kernel's and makes objects of it later, each when it
   * is asked for. For the rest it is dump().
   *
   * @param request What to dump; NLM_F_DUMP is added.
   * @param decode Makes an object of a message.
   * @param accept Whether a message is one to keep; default: all are.
   * @param options What an interruption means, and what ends the wait;
   * `timeout` in milliseconds for all attempts.
   * @throws {NetlinkError} If the kernel refuses it.
   * @throws {DumpInterruptedError} If changes interrupt it, see `onInterrupt`.
   * @throws {TimeoutError} When the time is over.
   * @throws {ClosedError} When the connection is closed meanwhile.
   */
  dumpLazily<T>(
    request: NetlinkRequest,
    decode: Decode<T>,
    accept?: (message: MessageReader) => boolean,
    options?: DumpOptions,
  ): Promise<LazyDump<T>> {
    return this.#dump(request, options, () => {
      const list = new LazyList(decode, accept);
      return {
        keeps: true,
        take: (message) => list.take(message),
        all: () => list,
      };
    });
  }

  async #dump<R extends Iterable<unknown>>(
    request: NetlinkRequest,
    options: DumpOptions = {},
    gather: () => Gathering<R>,
  ): Promise<R & DumpOutcome> {
    const { onInterrupt = "retry", attempts: limit = 10 } = options;
    const deadline = new Deadline(this.#exchanger.describe(request), options);
    let partial: Iterable<unknown> = [];
    for (let attempt = 1;; attempt++) {
      const gathering = gather();
      try {
        const { pending: [one], interrupted, truncated } = await this.#exchanger
          .exchange(
            [request],
            NLM_F_DUMP,
            (message) => gathering.take(message),
            deadline,
            gathering.keeps,
          );
        const { error, warning } = one!;
        if (error !== undefined && error.errno !== EINTR) throw error;
        const inconsistent = interrupted || truncated || error !== undefined;
        if (!inconsistent || (onInterrupt === "partial" && !truncated)) {
          return Object.assign(gathering.all(), {
            interrupted: inconsistent,
            attempts: attempt,
            ...(warning === undefined ? {} : { warning }),
          });
        }
        partial = gathering.all();
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
    return this.#channel.descriptor.close();
  }

  /** The same as close(). */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #interrupted(
    request: NetlinkRequest,
    attempts: number,
    partial: Iterable<unknown>,
    cause?: unknown,
  ): DumpInterruptedError {
    return new DumpInterruptedError(
      this.#exchanger.description(request),
      attempts,
      [...partial],
      cause === undefined ? undefined : { cause },
    );
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
