// Subscribes to netlink groups with its own socket and receives events in
// batches. Requests use a connection.

import { ENOBUFS, EPERM } from "../../ffi/errno.ts";
import { errno } from "../../ffi/libc.ts";
import {
  NETLINK_LISTEN_ALL_NSID,
  sockaddr_nl,
  SOL_NETLINK,
} from "../../ffi/uapi/linux_netlink.ts";
import { MSG_DONTWAIT, MSG_TRUNC } from "../../ffi/uapi/sys_socket.ts";
import type { Descriptor } from "../io/descriptor.ts";
import {
  cannotBePosted,
  customInspect,
  ForgottenObjects,
  type Inspect,
  inspectFields,
} from "../io/handle.ts";
import { checkTimeout, type WaitOptions } from "../io/reactor.ts";
import { yieldIfDue } from "../io/yield.ts";
import { bufferSize, queuedBytes, setOption } from "../socket/option.ts";
import { NSID_CONTROL_SIZE } from "../socket/control_messages.ts";
import { changeNetlinkGroup } from "../socket/membership.ts";
import { MessageVector } from "../socket/message_vector.ts";
import { Backlog, type Visit } from "./backlog.ts";
import { type NetlinkCounters, noCounts } from "./counters.ts";
import { NetlinkBuffer } from "./buffer.ts";
import { MessageReader } from "./message.ts";
import {
  failure,
  isNothingQueued,
  type NetlinkSocketOptions,
  openNetlinkSocket,
} from "./socket.ts";

const forgotten = new ForgottenObjects("NetlinkSubscription");

/** Options of a subscription. */
export interface NetlinkSubscriptionOptions extends NetlinkSocketOptions {
  /** The groups to join, for example RTNLGRP_LINK; numbers, not a mask. */
  readonly groups: readonly number[];
  /**
   * Receive the same groups of every namespace that has an id here. Needs
   * CAP_NET_BROADCAST in this one.
   */
  readonly allNamespaces?: boolean | undefined;
  /** Buffer for one datagram, in bytes; it grows when a longer one arrives. */
  readonly datagram?: number | undefined;
  /** Datagrams to receive by one system call. */
  readonly batch?: number | undefined;
  /**
   * Bytes of events to read ahead when drain() finds the kernel's buffer filling
   * up, which charges each about ten times its length. Default: none.
   */
  readonly readAhead?: number | undefined;
}

/**
 * Why a drain ended.
 *
 * - `"empty"`: nothing is left to read;
 * - `"more"`: it read up to the limit, and there may be more;
 * - `"overrun"`: the kernel dropped events because the buffer was full. Events
 *   that are still queued are older than the gap.
 */
export type DrainOutcome = "empty" | "more" | "overrun";

const DATAGRAM = 16384;
const BATCH = 64;

/**
 * A netlink socket that receives the events of groups.
 *
 * Source: netlink(7).
 *
 * @example
 * ```ts
 * import { NetlinkSubscription } from "@netplumb/netplumb";
 *
 * const NETLINK_ROUTE = 0;
 * const RTNLGRP_LINK = 1;
 * await using links = NetlinkSubscription.open({
 *   protocol: NETLINK_ROUTE,
 *   groups: [RTNLGRP_LINK],
 * });
 * // await links.readable(); waits for events.
 * console.log(links.drain((message) => console.log(message.type))); // empty
 * ```
 */
export class NetlinkSubscription implements AsyncDisposable {
  /** Ignored input, by reason. */
  readonly counters: NetlinkCounters = noCounts();
  readonly #descriptor: Descriptor;
  readonly #allNamespaces: boolean;
  readonly #backlog = new Backlog(this.counters);
  readonly #readAhead: number;
  /** Bytes in the kernel's buffer at which reading ahead starts. */
  readonly #filling: number;
  /** Datagrams of a batch, and bytes for each. */
  readonly #count: number;
  #datagram: number;
  #vector: MessageVector;
  #reader: MessageReader;
  /**
   * Makes postMessage throw: the socket cannot leave its thread.
   *
   * @internal
   */
  protected readonly notCloneable: () => void = cannotBePosted;

  private constructor(
    descriptor: Descriptor,
    options: NetlinkSubscriptionOptions,
  ) {
    this.#descriptor = descriptor;
    this.#allNamespaces = options.allNamespaces ?? false;
    this.#readAhead = options.readAhead ?? 0;
    this.#filling = this.#readAhead > 0 ? this.receiveBuffer >> 2 : 0;
    this.#count = options.batch ?? BATCH;
    this.#datagram = options.datagram ?? DATAGRAM;
    [this.#vector, this.#reader] = this.#allocate();
    forgotten.watch(this, descriptor);
  }

  /**
   * Opens a socket and joins the groups: from now on no event is missed, except
   * for overruns, which drain() reports.
   *
   * @param options Family, groups and namespace.
   * @throws {SystemError} If a group does not exist or is not permitted.
   */
  static open(options: NetlinkSubscriptionOptions): NetlinkSubscription {
    const descriptor = openNetlinkSocket(options);
    try {
      const subscription = new NetlinkSubscription(descriptor, options);
      if (options.allNamespaces) listenAllNamespaces(descriptor.fd);
      for (const group of options.groups) subscription.join(group);
      return subscription;
    } catch (error) {
      // Nothing waits on it yet, so it is closed before this returns.
      void descriptor.close();
      throw error;
    }
  }

  /** The effective receive buffer, in bytes; the kernel charges its overhead to it. */
  get receiveBuffer(): number {
    return bufferSize(this.#descriptor.fd, "receive");
  }

  /** Whether close() was called. */
  get closed(): boolean {
    return this.#descriptor.closed;
  }

  /** Joins a group. @throws {SystemError} If it does not exist or is not permitted. */
  join(group: number): void {
    changeNetlinkGroup(this.#descriptor.fd, "join", group);
  }

  /**
   * Leaves a group.
   *
   * @param group Its number, an RTNLGRP_*.
   * @throws {SystemError} If it does not exist.
   */
  leave(group: number): void {
    changeNetlinkGroup(this.#descriptor.fd, "leave", group);
  }

  /**
   * Waits until there are events to drain.
   *
   * @param options A signal and a timeout in milliseconds.
   * @throws {ClosedError} When it is closed.
   * @throws {TimeoutError} After the timeout.
   */
  async readable(options?: WaitOptions): Promise<void> {
    options?.signal?.throwIfAborted();
    checkTimeout(options?.timeout);
    if (this.#backlog.isEmpty) await this.#descriptor.readable(options);
    else await yieldIfDue();
  }

  /** Lets a pending wait keep the process alive, which is the default. */
  ref(): void {
    this.#descriptor.ref();
  }

  /** Lets the process end while a wait is pending. */
  unref(): void {
    this.#descriptor.unref();
  }

  /**
   * Reads queued messages without waiting. After an overrun drain until "empty"
   * before dumping the current state.
   *
   * @param visit Called for each message; the reader is valid within the call.
   * `nsid` is the id of the message's namespace, -1 for the socket's own.
   * @param limit Datagrams to read at most, rounded up to a batch.
   * @returns Whether messages are left or were lost.
   * @throws {ClosedError} If it is closed.
   */
  drain(
    visit: (message: MessageReader, nsid: number) => void,
    limit = Infinity,
  ): DrainOutcome {
    const { fd } = this.#descriptor;
    for (let read = 0; read < limit; read += this.#count) {
      if (this.#backlog.isEmpty) {
        const received = this.#receive(fd);
        if (typeof received === "string") return received;
        if (this.#visitBatch(received, visit)) return "overrun";
        if (received < this.#count) return "empty";
      } else this.#backlog.visit(this.#count, visit);
      if (this.#readAhead > 0 && this.#keepUp(fd)) return "overrun";
    }
    return "more";
  }

  /** Cancels pending waits with ClosedError and closes the socket. */
  close(): Promise<void> {
    return this.#descriptor.close();
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
    return inspectFields("NetlinkSubscription", fields, inspect, options);
  }

  /** Receives a batch: the number of datagrams, or why there are none. */
  #receive(fd: number): number | "empty" | "overrun" {
    const flags = MSG_DONTWAIT | MSG_TRUNC;
    const received = this.#vector.receive(fd, this.#count, flags);
    if (received >= 0) return received;
    const code = errno();
    if (isNothingQueued(code)) return "empty";
    if (code === ENOBUFS) return "overrun";
    throw failure("recvmmsg", "receive netlink events");
  }

  /**
   * Reads ahead while the kernel's buffer fills up; returns whether events were
   * lost.
   */
  #keepUp(fd: number): boolean {
    if (queuedBytes(fd) < this.#filling) return false;
    while (this.#backlog.bytes < this.#readAhead) {
      const received = this.#receive(fd);
      if (received === "empty") return false;
      if (received === "overrun") return true;
      if (this.#visitBatch(received, this.#keep)) return true;
      if (received < this.#count) return false;
    }
    return false;
  }

  readonly #keep: Visit = ({ words, start, end }, nsid) =>
    this.#backlog.add(words, start >> 2, end - start, nsid);

  /** Visits the messages of a batch; returns whether a datagram was cut off. */
  #visitBatch(received: number, visit: Visit): boolean {
    const message = this.#reader;
    const vector = this.#vector;
    let longest = 0;
    for (let slot = 0; slot < received; slot++) {
      // nl_pid: 0 is the kernel, everything else a process.
      if (vector.words[(vector.nameAt(slot) >> 2) + 1] !== 0) {
        this.counters.foreignSender++;
        continue;
      }
      const length = vector.length(slot);
      if (length > this.#datagram) {
        this.counters.truncated++;
        longest = Math.max(longest, length);
      }
      const start = vector.dataAt(slot);
      const nsid = this.#allNamespaces ? vector.control(slot).nsid : -1;
      message.reset(start, start + Math.min(length, this.#datagram));
      while (message.next()) visit(message, nsid);
    }
    if (longest === 0) return false;
    // The end of a message that was cut off is lost, as in an overrun.
    this.#datagram = (longest * 2 + 3) & ~3;
    [this.#vector, this.#reader] = this.#allocate();
    return true;
  }

  #allocate(): [MessageVector, MessageReader] {
    const vector = MessageVector.forReceiving({
      size: this.#count,
      nameSize: sockaddr_nl.size,
      controlSize: this.#allNamespaces ? NSID_CONTROL_SIZE : 0,
    }, this.#datagram);
    const buffer = new NetlinkBuffer(vector.bytes.buffer);
    return [vector, new MessageReader(buffer, this.counters)];
  }
}

/** Receives the events of every namespace that has an id. @throws {SystemError} */
function listenAllNamespaces(fd: number): void {
  setOption(fd, SOL_NETLINK, { NETLINK_LISTEN_ALL_NSID }, 1, (code) => ({
    tried: "listen to netlink events of all namespaces",
    ...(code === EPERM
      ? {
        capability: "CAP_NET_BROADCAST",
        advice: "Run as root or grant CAP_NET_BROADCAST",
      }
      : {}),
  }));
}
