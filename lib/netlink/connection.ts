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
import {
  cannotBePosted,
  customInspect,
  ForgottenObjects,
  type Inspect,
  inspectFields,
} from "../io/handle.ts";
import type { WaitOptions } from "../io/reactor.ts";
import { Channel } from "./channel.ts";
import type { NetlinkCounters } from "./counters.ts";
import {
  DumpInterruptedError,
  type ExtendedAck,
  type NetlinkError,
} from "./errors.ts";
import {
  type Decode,
  type NetlinkRequest,
  TransactionQueue,
} from "./transaction.ts";
import { LazyList } from "./lazy_list.ts";
import type { MessageReader } from "./message.ts";
import { ChunkedList } from "./chunked_list.ts";
import {
  type NetlinkSocketOptions,
  openNetlinkSocket,
  setRequestOptions,
} from "./socket.ts";
import type { FamilyNames } from "./attribute_names.ts";

const forgotten = new ForgottenObjects("NetlinkConnection");

/** How to open a connection. */
export interface NetlinkConnectionOptions extends NetlinkSocketOptions {
  /**
   * Names of the family's messages and attributes, for errors.
   *
   * @internal
   */
  readonly names?: FamilyNames | undefined;
  /** Buffer for one datagram, in bytes; it grows when a longer one arrives. */
  readonly datagram?: number | undefined;
}

/** The reply to a request that the kernel accepted. */
export interface Reply<T> {
  /** The objects in it. */
  readonly objects: T[];
  /** The kernel's warning, if it sent one. */
  readonly warning?: ExtendedAck;
}

/** The reply without objects and without a warning. */
const DONE: Reply<never> = Object.freeze({ objects: [] });

/** Options of a dump. */
export interface DumpOptions extends WaitOptions {
  /**
   * - `"retry"` (default): dump again, up to `attempts` times, then throw;
   * - `"throw"`: throw DumpInterruptedError at once;
   * - `"partial"`: return what was read, with `interrupted` set.
   */
  readonly onInterrupt?: "retry" | "throw" | "partial" | undefined;
  /** Attempts under `"retry"`; default 10. */
  readonly attempts?: number | undefined;
}

/** How a dump reacts when changes in the kernel interrupt it. */
export type OnInterrupt = NonNullable<DumpOptions["onInterrupt"]>;

/** Outcome of a dump. */
export interface DumpOutcome {
  /** Whether changes interrupted it: objects may be missing or duplicate. */
  readonly interrupted: boolean;
  /** How many times the table was read. */
  readonly attempts: number;
  /** The kernel's warning at its end. */
  readonly warning?: ExtendedAck;
}

/** The objects of a dump. */
export type Dump<T> = T[] & DumpOutcome;

/** The messages of a dump, each decoded on access. */
export type LazyDump<T> = LazyList<T> & DumpOutcome;

/** Collects the messages of one attempt. */
interface Collector<R> {
  /** Whether the memory of the messages must not be reused. */
  readonly retain: boolean;
  take(message: MessageReader): undefined;
  all(): R;
}

/** Acknowledgements that fit the default receive buffer. */
const BATCH_REQUESTS = 128;
const BATCH_BYTES = 65536;

/**
 * A connection to a family of netlink, such as NETLINK_ROUTE.
 *
 * Concurrent calls on one connection are queued: each request is sent when the
 * one before it has completed. Source: netlink(7).
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
  readonly #transactions: TransactionQueue;
  /**
   * Makes postMessage throw: the socket cannot leave its thread.
   *
   * @internal
   */
  protected readonly notCloneable: () => void = cannotBePosted;

  private constructor(
    descriptor: Descriptor,
    { datagram, names }: NetlinkConnectionOptions,
  ) {
    this.#channel = new Channel(descriptor, datagram);
    this.#transactions = new TransactionQueue(this.#channel, names);
    forgotten.watch(this, descriptor);
  }

  /**
   * Opens a connection.
   *
   * @param options The netlink family and the namespace.
   * @throws {SystemError} If the kernel has no such family, or the namespace
   * cannot be entered.
   */
  static open(options: NetlinkConnectionOptions): NetlinkConnection {
    const descriptor = openNetlinkSocket(options);
    try {
      setRequestOptions(descriptor.fd);
      return new NetlinkConnection(descriptor, options);
    } catch (error) {
      // Nothing waits on it yet, so it is closed before this returns.
      void descriptor.close();
      throw error;
    }
  }

  /** Received messages that were ignored, by reason. */
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
   * @param request The request.
   * @param decode Decodes the messages that precede the acknowledgement.
   * @param options A signal and a timeout in milliseconds.
   * @throws {NetlinkError} If the kernel rejects it.
   * @throws {TimeoutError} After the timeout.
   * @throws {ClosedError} If the connection is closed.
   */
  async request<T = never>(
    request: NetlinkRequest,
    decode?: Decode<T>,
    options?: WaitOptions,
  ): Promise<Reply<T>> {
    const deadline = new Deadline(
      this.#transactions.describe(request),
      options,
    );
    const result = await this.#transactions.run(
      [request],
      NLM_F_ACK,
      decode,
      deadline,
    );
    const { error, objects, warning } = result.pending[0]!;
    if (error !== undefined) throw error;
    if (result.truncated) {
      throw new SystemError("recvfrom", EMSGSIZE, {
        tried: this.#transactions.describe(request),
        detail: "the reply was longer than the buffer, which has grown since",
      });
    }
    return {
      // That of a reply without objects is shared.
      objects: objects.length === 0 ? [] : objects,
      ...(warning === undefined ? {} : { warning }),
    };
  }

  /**
   * Sends many requests in as few datagrams as possible and waits for all
   * acknowledgements. A refused request does not stop those after it.
   *
   * @param requests The requests, in order, each taken when it is sent; `length`
   * is their number, for errors.
   * @param options A signal and a timeout in milliseconds.
   * @returns For each request, in order, its reply or its error.
   * @throws {TimeoutError} After the timeout; some requests may have been
   * applied.
   * @throws {ClosedError} If the connection is closed.
   */
  async requestMany(
    requests: Iterable<NetlinkRequest> & { readonly length: number },
    options?: WaitOptions,
  ): Promise<(Reply<never> | NetlinkError)[]> {
    const deadline = new Deadline(`${requests.length} requests`, options);
    const replies: (Reply<never> | NetlinkError)[] = [];
    for (const batch of batches(requests)) {
      const { pending } = await this.#transactions.run<never>(
        batch,
        NLM_F_ACK,
        undefined,
        deadline,
      );
      for (const { error, warning } of pending) {
        replies.push(
          error ?? (warning === undefined ? DONE : { objects: [], warning }),
        );
      }
    }
    return replies;
  }

  /**
   * Dumps a table of the kernel.
   *
   * @param request The request; NLM_F_DUMP is added.
   * @param decode Decodes each message.
   * @param options Reaction to an interruption, signal, and timeout in
   * milliseconds for all attempts.
   * @throws {NetlinkError} If the kernel rejects it.
   * @throws {DumpInterruptedError} If changes interrupt it, see `onInterrupt`.
   * @throws {TimeoutError} After the timeout.
   * @throws {ClosedError} If the connection is closed.
   */
  dump<T>(
    request: NetlinkRequest,
    decode: Decode<T>,
    options?: DumpOptions,
  ): Promise<Dump<T>> {
    return this.#dump(request, options, () => {
      const parts = new ChunkedList<T>();
      return {
        retain: false,
        take(message): undefined {
          const object = decode(message);
          if (object !== undefined) parts.add(object);
        },
        all: () => parts.all(),
      };
    });
  }

  /**
   * Dumps a table and decodes each message on access; otherwise as dump().
   *
   * @param request The request; NLM_F_DUMP is added.
   * @param decode Decodes a message.
   * @param accept Whether to retain a message; default: all.
   * @param options Reaction to an interruption, signal, and timeout in
   * milliseconds for all attempts.
   * @throws {NetlinkError} If the kernel rejects it.
   * @throws {DumpInterruptedError} If changes interrupt it, see `onInterrupt`.
   * @throws {TimeoutError} After the timeout.
   * @throws {ClosedError} If the connection is closed.
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
        retain: true,
        take: (message) => list.take(message),
        all: () => list,
      };
    });
  }

  async #dump<R extends Iterable<unknown>>(
    request: NetlinkRequest,
    options: DumpOptions = {},
    collect: () => Collector<R>,
  ): Promise<R & DumpOutcome> {
    const { onInterrupt = "retry", attempts: limit = 10 } = options;
    const deadline = new Deadline(
      this.#transactions.describe(request),
      options,
    );
    let partial: Iterable<unknown> = [];
    for (let attempt = 1;; attempt++) {
      const collector = collect();
      try {
        const { pending: [one], interrupted, truncated } = await this
          .#transactions
          .run(
            [request],
            NLM_F_DUMP,
            (message) => collector.take(message),
            deadline,
            collector.retain,
          );
        const { error, warning } = one!;
        if (error !== undefined && error.errno !== EINTR) throw error;
        const inconsistent = interrupted || truncated || error !== undefined;
        if (!inconsistent || (onInterrupt === "partial" && !truncated)) {
          return Object.assign(collector.all(), {
            interrupted: inconsistent,
            attempts: attempt,
            ...(warning === undefined ? {} : { warning }),
          });
        }
        partial = collector.all();
        const last = onInterrupt === "throw" || attempt >= limit;
        if (last && !truncated) {
          throw this.#interrupted(request, attempt, partial);
        }
        // The first retry is immediate; later ones let the changes finish.
        if (attempt >= 2) await deadline.pause(1 + Math.random() * 49);
      } catch (error) {
        if (error instanceof TimeoutError && attempt > 1) {
          throw this.#interrupted(request, attempt, partial, error);
        }
        throw error;
      }
    }
  }

  /** Cancels pending requests with ClosedError and closes the socket. */
  close(): Promise<void> {
    return this.#channel.descriptor.close();
  }

  /** Equivalent to close(). */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * The text that console.log prints.
   *
   * @internal
   */
  [customInspect](inspect: Inspect, options: Deno.InspectOptions): string {
    const fields = { closed: this.closed, counters: this.counters };
    return inspectFields("NetlinkConnection", fields, inspect, options);
  }

  #interrupted(
    request: NetlinkRequest,
    attempts: number,
    partial: Iterable<unknown>,
    cause?: unknown,
  ): DumpInterruptedError {
    return new DumpInterruptedError(
      this.#transactions.description(request),
      attempts,
      [...partial],
      cause === undefined ? undefined : { cause },
    );
  }
}

/** Requests in groups that fit a datagram and whose acknowledgements fit the receive buffer. */
function* batches(
  requests: Iterable<NetlinkRequest>,
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
