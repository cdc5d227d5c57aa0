// A socket of its own for events: the groups it listens to, and what it
// received in batches. Requests go through a connection, never through this.

import { ENOBUFS, SystemError } from "../../ffi/errno.ts";
import { errno, libc, unwrap } from "../../ffi/libc.ts";
import {
  NETLINK_ADD_MEMBERSHIP,
  NETLINK_DROP_MEMBERSHIP,
  NETLINK_LISTEN_ALL_NSID,
  sockaddr_nl,
  SOL_NETLINK,
} from "../../ffi/layout/linux_netlink.ts";
import {
  CMSG_DATA,
  CMSG_FIRSTHDR,
  CMSG_LEN,
  CMSG_NXTHDR,
  CMSG_SPACE,
  cmsghdr,
  iovec,
  mmsghdr,
  MSG_DONTWAIT,
  MSG_TRUNC,
  msghdr,
} from "../../ffi/layout/sys_socket.ts";
import type { Descriptor } from "../io/descriptor.ts";
import { checkTimeout, type WaitOptions } from "../io/reactor.ts";
import { yieldIfDue } from "../io/yield.ts";
import { Backlog, type Visit } from "./backlog.ts";
import { type NetlinkCounters, noCounts } from "./counters.ts";
import { MessageReader, NetlinkBuffer } from "./message.ts";
import {
  failure,
  type NetlinkSocketOptions,
  nothingYet,
  openSocket,
  queuedBytes,
  receiveBuffer,
} from "./socket.ts";

/** How to listen to events. */
export interface NetlinkSubscriptionOptions extends NetlinkSocketOptions {
  /** The groups to join, for example RTNLGRP_LINK; numbers, not a mask. */
  readonly groups: readonly number[];
  /**
   * Hear the same groups of every namespace that has an id here. Needs
   * CAP_NET_BROADCAST in this one.
   */
  readonly allNamespaces?: boolean;
  /** Room for one datagram, in bytes; it grows when a longer one comes. */
  readonly datagram?: number;
  /** How many datagrams to receive with one system call. */
  readonly batch?: number;
  /**
   * Bytes of events to take out of the kernel's queue before their turn, when
   * drain() finds it filling up: it counts ten times what they are long.
   * Default: none.
   */
  readonly readAhead?: number;
}

/**
 * What a drain ended with.
 *
 * - `"empty"`: nothing is left to read;
 * - `"more"`: it read as much as it was asked to, and there may be more;
 * - `"overrun"`: the kernel dropped events for want of room. What is still
 *   queued is older than the gap.
 */
export type DrainOutcome = "empty" | "more" | "overrun";

const DATAGRAM = 16384;
const BATCH = 64;
const CONTROL = CMSG_SPACE(4);

/**
 * A netlink socket that only listens.
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
 * // await links.readable(); tells when there is something.
 * console.log(links.drain((message) => console.log(message.type))); // empty
 * ```
 */
export class NetlinkSubscription implements AsyncDisposable {
  /** What was received and not used. */
  readonly counters: NetlinkCounters = noCounts();
  readonly #descriptor: Descriptor;
  readonly #allNamespaces: boolean;
  readonly #backlog = new Backlog(this.counters);
  readonly #readAhead: number;
  /** Bytes in the kernel's queue from which on it is read ahead. */
  readonly #filling: number;
  readonly #count: number;
  readonly #names: Int32Array<ArrayBuffer>;
  readonly #controlWords: Int32Array<ArrayBuffer>;
  readonly #vector: DataView<ArrayBuffer>;
  readonly #vectorBytes: Uint8Array<ArrayBuffer>;
  readonly #vectorWords: Int32Array<ArrayBuffer>;
  // The kernel reaches these through pointers in the vector: kept here.
  readonly #iovecs: DataView<ArrayBuffer>;
  #datagram: number;
  #buffer: NetlinkBuffer;
  #reader: MessageReader;

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
    this.#names = new Int32Array(this.#count * sockaddr_nl.size / 4);
    this.#controlWords = new Int32Array(this.#count * CONTROL / 4);
    this.#vector = new DataView(new ArrayBuffer(this.#count * mmsghdr.size));
    this.#vectorBytes = new Uint8Array(this.#vector.buffer);
    this.#vectorWords = new Int32Array(this.#vector.buffer);
    this.#iovecs = new DataView(new ArrayBuffer(this.#count * iovec.size));
    [this.#buffer, this.#reader] = this.#makeBuffer();
  }

  /**
   * Opens a socket and joins the groups: from here on no event is missed, but
   * for overruns, which drain() tells of.
   *
   * @param options Which groups of which family, and where.
   * @throws {SystemError} If a group is not there or not allowed.
   */
  static open(options: NetlinkSubscriptionOptions): NetlinkSubscription {
    const descriptor = openSocket(options);
    try {
      const subscription = new NetlinkSubscription(descriptor, options);
      if (options.allNamespaces) subscription.#listenEverywhere();
      for (const group of options.groups) subscription.join(group);
      return subscription;
    } catch (error) {
      // Nobody waits on it yet, so it is closed before this returns.
      void descriptor.close();
      throw error;
    }
  }

  /** Room for unread events, in bytes as the kernel counts them. */
  get receiveBuffer(): number {
    return receiveBuffer(this.#descriptor.fd);
  }

  /** Whether close() was called. */
  get closed(): boolean {
    return this.#descriptor.closed;
  }

  /** Joins a group. @throws {SystemError} If it is not there or not allowed. */
  join(group: number): void {
    this.#membership(NETLINK_ADD_MEMBERSHIP, group, "join");
  }

  /**
   * Leaves a group.
   *
   * @param group Its number, an RTNLGRP_*.
   * @throws {SystemError} If there is no such group.
   */
  leave(group: number): void {
    this.#membership(NETLINK_DROP_MEMBERSHIP, group, "leave");
  }

  /**
   * Waits until drain() has something to do.
   *
   * @param options What ends the wait; `timeout` in milliseconds.
   * @throws {ClosedError} When it is closed meanwhile.
   * @throws {TimeoutError} When the time is over.
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
   * Hands out the messages that are there, without waiting. The reader is only
   * valid within the call. An overrun is told of first, when the kernel does:
   * drain again, until "empty", before asking it for a fresh picture.
   *
   * @param visit Called for each message; `nsid` is the id of the namespace it
   * is about, -1 for the socket's own.
   * @param limit How many datagrams to read at most, rounded up to a batch.
   * @returns Whether anything is left, or was lost.
   * @throws {ClosedError} Once closed.
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

  /** Ends what waits with ClosedError and closes the socket. */
  close(): Promise<void> {
    return this.#descriptor.close();
  }

  /** The same as close(). */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Receives a batch; how many datagrams, or why there are none. */
  #receive(fd: number): number | "empty" | "overrun" {
    this.#prepare();
    const received = libc().recvmmsg(
      fd,
      this.#vectorBytes,
      this.#count,
      MSG_DONTWAIT | MSG_TRUNC,
      null,
    );
    if (received >= 0) return received;
    const code = errno();
    if (nothingYet(code)) return "empty";
    if (code === ENOBUFS) return "overrun";
    throw failure("recvmmsg", "receive netlink events");
  }

  /**
   * Takes out of the kernel's queue what may soon be too much for it; whether
   * something was lost.
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

  /** Visits what a batch holds; whether a datagram of it was cut off. */
  #visitBatch(received: number, visit: Visit): boolean {
    const message = this.#reader;
    let longest = 0;
    for (let slot = 0; slot < received; slot++) {
      if (this.#names[slot * sockaddr_nl.size / 4 + 1] !== 0) {
        this.counters.foreignSender++;
        continue;
      }
      const length = this.#vectorWords[(slot * mmsghdr.size + LENGTH) >> 2];
      if (length > this.#datagram) {
        this.counters.truncated++;
        longest = Math.max(longest, length);
      }
      const start = slot * this.#datagram;
      const nsid = this.#allNamespaces ? this.#namespaceOf(slot) : -1;
      message.reset(start, start + Math.min(length, this.#datagram));
      while (message.next()) visit(message, nsid);
    }
    if (longest === 0) return false;
    // What was cut off is lost, as events are for want of room.
    this.#datagram = (longest * 2 + 3) & ~3;
    [this.#buffer, this.#reader] = this.#makeBuffer();
    return true;
  }

  #namespaceOf(slot: number): number {
    const at = slot * mmsghdr.size;
    const words = this.#controlWords;
    const start = slot * CONTROL;
    const end = start +
      Math.min(CONTROL, this.#vectorWords[(at + CONTROL_LENGTH) >> 2]);
    for (
      let cmsg = CMSG_FIRSTHDR(start, end);
      cmsg >= 0;
      cmsg = CMSG_NXTHDR(words, cmsg, end)
    ) {
      if (
        words[cmsg >> 2] >= CMSG_LEN(4) &&
        words[(cmsg + LEVEL) >> 2] === SOL_NETLINK &&
        words[(cmsg + TYPE) >> 2] === NETLINK_LISTEN_ALL_NSID
      ) return words[CMSG_DATA(cmsg) >> 2];
    }
    return -1;
  }

  #listenEverywhere(): void {
    const on = new Uint8Array(new Int32Array([1]).buffer);
    const result = libc().setsockopt(
      this.#descriptor.fd,
      SOL_NETLINK,
      NETLINK_LISTEN_ALL_NSID,
      on,
      on.length,
    );
    if (result < 0) {
      throw new SystemError("setsockopt", errno(), {
        tried: "listen to netlink events of all namespaces",
        capability: "CAP_NET_BROADCAST",
      });
    }
  }

  #membership(option: number, group: number, verb: string): void {
    const value = new Uint8Array(new Int32Array([group]).buffer);
    unwrap(
      libc().setsockopt(
        this.#descriptor.fd,
        SOL_NETLINK,
        option,
        value,
        value.length,
      ),
      "setsockopt",
      { tried: `${verb} netlink group ${group}` },
    );
  }

  #makeBuffer(): [NetlinkBuffer, MessageReader] {
    const buffer = new NetlinkBuffer(this.#datagram * this.#count);
    const address = {
      names: addressOf(this.#names),
      control: addressOf(this.#controlWords),
      iovecs: addressOf(this.#iovecs),
      bytes: addressOf(buffer.bytes),
    };
    for (let slot = 0; slot < this.#count; slot++) {
      iovec.assign(this.#iovecs, slot * iovec.size, {
        iov_base: address.bytes + BigInt(slot * this.#datagram),
        iov_len: BigInt(this.#datagram),
      });
      msghdr.assign(this.#vector, slot * mmsghdr.size, {
        msg_name: address.names + BigInt(slot * sockaddr_nl.size),
        msg_iov: address.iovecs + BigInt(slot * iovec.size),
        msg_iovlen: 1n,
        msg_control: this.#allNamespaces
          ? address.control + BigInt(slot * CONTROL)
          : 0n,
      });
    }
    return [buffer, new MessageReader(buffer, this.counters)];
  }

  /** The kernel writes lengths and flags back: set them before every call. */
  #prepare(): void {
    const words = this.#vectorWords;
    const control = this.#allNamespaces ? CONTROL : 0;
    for (let slot = 0; slot < this.#count; slot++) {
      const at = slot * mmsghdr.size;
      words[(at + NAME_LENGTH) >> 2] = sockaddr_nl.size;
      words[(at + CONTROL_LENGTH) >> 2] = control;
      words[(at + FLAGS) >> 2] = 0;
    }
  }
}

const NAME_LENGTH = msghdr.fields.msg_namelen.offset;
const CONTROL_LENGTH = msghdr.fields.msg_controllen.offset;
const FLAGS = msghdr.fields.msg_flags.offset;
const LEVEL = cmsghdr.fields.cmsg_level.offset;
const TYPE = cmsghdr.fields.cmsg_type.offset;
const LENGTH = mmsghdr.fields.msg_len.offset;

function addressOf(view: ArrayBufferView<ArrayBuffer>): bigint {
  return Deno.UnsafePointer.value(Deno.UnsafePointer.of(view));
}
