// A TUN or TAP device: its queues, and the interface the kernel sees.

import { libc } from "../../ffi/libc.ts";
import { IFF_PERSIST } from "../../ffi/uapi/linux_if_tun.ts";
import { IFF_RUNNING, IFF_UP } from "../../ffi/uapi/net_if.ts";
import {
  inNamespace,
  type Namespace,
  namespaceId,
} from "../netns/namespace.ts";
import { Deadline } from "../io/deadline.ts";
import {
  customInspect,
  type Inspect,
  inspectFields,
  postItsHandleAndAttach,
} from "../io/inspection.ts";
import type { WaitOptions } from "../io/reactor.ts";
import { yieldIfDue } from "../io/yield.ts";
import { wholeNumber } from "../whole_number.ts";
import { attach } from "./attach.ts";
import type { PacketBatch } from "./batch.ts";
import { PacketChannel } from "./channel.ts";
import {
  attachedTo,
  namespaceOf,
  setCarrier,
  setGroup,
  setOwner,
  setPersist,
} from "./control.ts";
import { DeviceGoneError } from "./errors.ts";
import { setOffload, type TunOffload } from "./features.ts";
import type { Framing } from "./framing.ts";
import {
  interfaceState,
  setInterfaceMtu,
  setInterfaceUp,
} from "./interface.ts";
import { resolveTunOptions, type TunOptions } from "./options.ts";
import { type TunCounters, TunQueue } from "./queue.ts";
import type { BatchWriteOptions } from "./writer.ts";

const DONE = Promise.resolve();

/** What a device looks like to the kernel. */
export interface TunState {
  /** Its name, which may have been changed since it was opened. */
  readonly name: string;
  /** Its index, which may have been changed by a move. */
  readonly index: number;
  /** In bytes. */
  readonly mtu: number;
  /** Whether the link is up; while it is down, writing gives LinkDownError. */
  readonly up: boolean;
  /**
   * Whether packets flow: up, and with a carrier. The kernel takes up to a
   * second to notice a carrier that changed.
   */
  readonly running: boolean;
  /** Whether it stays when it is closed. */
  readonly persistent: boolean;
  /** Whether it is in another network namespace than when it was opened. */
  readonly moved: boolean;
}

/**
 * A TUN or TAP device.
 *
 * It carries packets whatever happens to its interface: renamed, moved to
 * another network namespace or taken down, the device stays the same. Once it
 * is deleted, iteration and streams end and everything else rejects with
 * DeviceGoneError.
 *
 * Source: Documentation/networking/tuntap.rst, linux/if_tun.h.
 *
 * @example
 * ```ts
 * import { decodePacket, describePacket, TemporaryNamespace, Tun } from "@netplumb/netplumb";
 *
 * await using namespace = TemporaryNamespace.create();
 * await using tun = Tun.open({ namespace: namespace.path });
 * tun.up();
 * for await (const packet of tun) {
 *   console.log(describePacket(decodePacket(packet)));
 *   // IP6 fe80::… > ff02::2: ICMP6, router solicitation, length 8
 *   break;
 * }
 * ```
 */
export class Tun extends PacketChannel {
  /** `tun` carries IP packets, `tap` Ethernet frames. */
  readonly mode: "tun" | "tap";
  /** What may be left undone in packets; undefined without offload. */
  readonly offload: TunOffload | undefined;
  /** The device's queues; reading the device itself reads all of them. */
  readonly queues: readonly TunQueue[];
  readonly #namespace: Namespace | undefined;
  readonly #home: string | undefined;
  #name: string;
  #next = 0;
  /** Resolves when the reads of several queues that began before have ended. */
  #reads: Promise<void> | undefined;
  /**
   * Makes postMessage throw: post the `handle` of a queue instead.
   *
   * @internal
   */
  protected readonly notCloneable: () => void = postItsHandleAndAttach;

  private constructor(
    { mode, offload }: Framing,
    name: string,
    queues: readonly TunQueue[],
    namespace: Namespace | undefined,
    home: string | undefined,
  ) {
    super();
    this.#namespace = namespace;
    this.mode = mode;
    this.offload = offload;
    this.queues = queues;
    this.#name = name;
    this.#home = home;
  }

  /**
   * Makes a device or attaches to one that exists. It is down at first: see
   * `up()`.
   *
   * @param options What to open; without any, a new TUN device.
   * @throws {ArgumentError} if a part of the options cannot be right.
   * @throws {SystemError} if /dev/net/tun cannot be opened, if the device
   * exists and is in use or of another kind, or without CAP_NET_ADMIN where the
   * device is to be made or belongs to somebody else.
   */
  static open(options: TunOptions = {}): Tun {
    const wanted = resolveTunOptions(options);
    const { mode, packetInformation: information } = wanted;
    const attachQueues = () => {
      const fds: number[] = [];
      try {
        let { name, exclusive } = wanted;
        for (let index = 0; index < wanted.queues; index++) {
          const attached = attach({
            ...wanted,
            name,
            exclusive,
            header: wanted.offload !== false,
          });
          fds.push(attached.fd);
          name = attached.name;
          exclusive = false;
        }
        const what = `${mode.toUpperCase()} device ${name}`;
        const fd = fds[0]!;
        // A persistent device still has what its last user could handle.
        const offload = setOffload(fd, what, wanted.offload);
        if (wanted.owner !== undefined) setOwner(fd, what, wanted.owner);
        if (wanted.group !== undefined) setGroup(fd, what, wanted.group);
        const home = namespaceIdOf(fd, what);
        // Last, so that what fails leaves no device behind.
        if (wanted.persist !== undefined) setPersist(fd, what, wanted.persist);
        return { fds, name, what, offload, home };
      } catch (error) {
        closeAll(fds);
        throw error;
      }
    };
    const { fds, name, what, offload, home } = inNamespace(
      options.namespace,
      attachQueues,
      ({ fds }) => closeAll(fds),
    );
    const framing = { mode, information, offload };
    const queues = fds.map((fd, index) => {
      const queue = fds.length > 1 ? `queue ${index} of ${what}` : what;
      return TunQueue.own(fd, queue, framing);
    });
    return new Tun(framing, name, queues, options.namespace, home);
  }

  /** The device's name, as it is now; the last known once it is gone. */
  get name(): string {
    if (!this.queues[0]!.closed) {
      try {
        this.#name = attachedTo(this.#fd, this.what).name;
      } catch (error) {
        if (!(error instanceof DeviceGoneError)) throw error;
      }
    }
    return this.#name;
  }

  /** Its name in errors. */
  get what(): string {
    return `${this.mode.toUpperCase()} device ${this.#name}`;
  }

  /** What went through all queues since the device was opened. */
  get counters(): TunCounters {
    const sum = {
      packetsRead: 0,
      bytesRead: 0,
      packetsWritten: 0,
      bytesWritten: 0,
      packetsRejected: 0,
    };
    for (const { counters } of this.queues) {
      sum.packetsRead += counters.packetsRead;
      sum.bytesRead += counters.bytesRead;
      sum.packetsWritten += counters.packetsWritten;
      sum.bytesWritten += counters.bytesWritten;
      sum.packetsRejected += counters.packetsRejected;
    }
    return sum;
  }

  /**
   * Asks the kernel about the device and its interface.
   *
   * @throws {DeviceGoneError} if it was deleted.
   * @throws {ClosedError} if it is closed.
   */
  state(): TunState {
    const { flags } = attachedTo(this.#fd, this.what);
    const current = namespaceIdOf(this.#fd, this.what);
    return this.#where((name) => {
      const state = interfaceState(name);
      return {
        name,
        index: state.index,
        mtu: state.mtu,
        up: (state.flags & IFF_UP) !== 0,
        running: (state.flags & IFF_RUNNING) !== 0,
        persistent: (flags & IFF_PERSIST) !== 0,
        moved: current !== this.#home,
      };
    });
  }

  /**
   * Brings the link up. The kernel then sends what it sends on any new link: a
   * router solicitation, for one.
   *
   * @throws {SystemError} without CAP_NET_ADMIN.
   * @throws {DeviceGoneError} if it was deleted.
   */
  up(): void {
    this.#where((name) => setInterfaceUp(name, true));
  }

  /**
   * Takes the link down: reading waits, writing gives LinkDownError.
   *
   * @throws {SystemError} without CAP_NET_ADMIN.
   * @throws {DeviceGoneError} if it was deleted.
   */
  down(): void {
    this.#where((name) => setInterfaceUp(name, false));
  }

  /**
   * Sets the MTU.
   *
   * @param mtu The longest packet in bytes, 68 to 65535 (65521 for TAP).
   * @throws {ArgumentError} if no device can have it.
   * @throws {SystemError} without CAP_NET_ADMIN.
   * @throws {DeviceGoneError} if it was deleted.
   */
  setMtu(mtu: number): void {
    const most = this.mode === "tun" ? 65_535 : 65_521;
    wholeNumber("mtu", mtu, 68, most);
    this.#where((name) => setInterfaceMtu(name, mtu));
  }

  /**
   * Runs `body` with the calling thread in the network namespace that the
   * device is in, and comes back before it returns: for what belongs to the
   * same network, such as a netlink socket.
   *
   * @param body Synchronous.
   * @returns What `body` returned.
   * @throws {SystemError} without CAP_SYS_ADMIN, if it is another namespace
   * than the thread's.
   * @throws {DeviceGoneError} if it was deleted.
   */
  inNamespace<T>(body: () => T): T {
    return this.#where(() => body());
  }

  /**
   * Plugs the carrier in or pulls it out. Without one the kernel sends nothing
   * into the device; what is written to it is taken all the same.
   *
   * @param carrier Whether it is plugged in.
   * @throws {DeviceGoneError} if it was deleted.
   * @throws {ClosedError} if it is closed.
   */
  setCarrier(carrier: boolean): void {
    setCarrier(this.#fd, this.what, carrier);
  }

  /**
   * Says whether the device stays when it is closed.
   *
   * @param persist Whether it stays.
   * @throws {DeviceGoneError} if it was deleted.
   * @throws {ClosedError} if it is closed.
   */
  setPersist(persist: boolean): void {
    setPersist(this.#fd, this.what, persist);
  }

  /** Reads what is there now, without waiting: see PacketChannel. */
  tryReadMany(batch: PacketBatch): number {
    const { queues } = this;
    for (let tries = 0; tries < queues.length; tries++) {
      const count = queues[this.#next]!.tryReadMany(batch);
      if (queues.length > 1) this.#next = (this.#next + 1) % queues.length;
      if (count > 0) return count;
    }
    return 0;
  }

  /** Writes what goes now, without waiting: see PacketChannel. */
  tryWriteMany(batch: PacketBatch, options?: BatchWriteOptions): number {
    return this.queues[0]!.tryWriteMany(batch, options);
  }

  /**
   * Closes every queue; what waits ends with ClosedError. The device is gone
   * afterwards unless it is persistent or held by another process.
   */
  async close(): Promise<void> {
    await Promise.all(this.queues.map((queue) => queue.close()));
  }

  /** Lets what waits here keep the process alive, which is the default. */
  ref(): void {
    for (const queue of this.queues) queue.ref();
  }

  /** Lets the process end while something waits here. */
  unref(): void {
    for (const queue of this.queues) queue.unref();
  }

  /**
   * What console.log shows.
   *
   * @internal
   */
  [customInspect](inspect: Inspect, options: Deno.InspectOptions): string {
    const { mode, offload, counters } = this;
    const [first] = this.queues;
    const fields = {
      // The last one known, for the device may be gone.
      name: this.#name,
      mode,
      offload,
      queues: this.queues.length,
      closed: first?.closed,
      ...counters,
    };
    return inspectFields("Tun", fields, inspect, options);
  }

  /** Whether reads wait, which a new one comes behind. */
  protected override get readsWait(): boolean {
    return this.queues.length === 1
      ? this.queues[0]!.readsWait
      : this.#reads !== undefined;
  }

  /** The same for writes. */
  protected override get writesWait(): boolean {
    return this.queues[0]!.writesWait;
  }

  /** Reads as soon as there is something, after the reads that already wait. */
  protected override readLater<T>(
    attempt: () => T | undefined,
    options: WaitOptions,
    yields: boolean,
  ): Promise<T> {
    return this.queues.length === 1
      ? this.queues[0]!.readLater(attempt, options, yields)
      : this.#readAny(attempt, options);
  }

  /** The same for a write that waits for room. */
  protected override writeLater<T>(
    attempt: () => T | undefined,
    options: WaitOptions,
    yields: boolean,
  ): Promise<T> {
    return this.queues[0]!.writeLater(attempt, options, yields);
  }

  /** Waits until there may be something to read, for `tryReadMany`. */
  waitReadable(options: WaitOptions = {}): Promise<void> {
    const { queues } = this;
    return queues.length === 1
      ? queues[0]!.waitReadable(options)
      : this.#anyReadable(options);
  }

  /** Waits until there may be room to write, for `tryWriteMany`. */
  waitWritable(options: WaitOptions = {}): Promise<void> {
    return this.queues[0]!.waitWritable(options);
  }

  /** Reads from whichever queue has something first, one read at a time. */
  async #readAny<T>(
    attempt: () => T | undefined,
    options: WaitOptions,
  ): Promise<T> {
    const deadline = new Deadline(this.what, options);
    const before = this.#reads;
    const { promise, resolve } = Promise.withResolvers<void>();
    const own = this.#reads = (before ?? DONE).then(() => promise);
    try {
      if (before !== undefined) await deadline.bound(before);
      await yieldIfDue();
      for (;;) {
        deadline.check();
        const result = attempt();
        if (result !== undefined) return result;
        await this.#anyReadable(deadline.bounds());
      }
    } catch (error) {
      throw deadline.own(error);
    } finally {
      resolve();
      if (this.#reads === own) this.#reads = undefined;
    }
  }

  async #anyReadable(options: WaitOptions): Promise<void> {
    const others = new AbortController();
    const signal = options.signal === undefined
      ? others.signal
      : AbortSignal.any([options.signal, others.signal]);
    const waits = this.queues.map((queue) =>
      queue.waitReadable({ ...options, signal })
    );
    try {
      await Promise.race(waits);
    } finally {
      others.abort();
      await Promise.allSettled(waits);
    }
  }

  get #fd(): number {
    return this.queues[0]!.fd;
  }

  /** Runs `body` in the namespace the device is in, with its name there. */
  #where<T>(body: (name: string) => T): T {
    const { name } = attachedTo(this.#fd, this.what);
    this.#name = name;
    const namespace = namespaceOf(this.#fd, this.what);
    if (namespace === undefined) {
      return inNamespace(this.#namespace, () => body(name));
    }
    try {
      // Entering takes CAP_SYS_ADMIN, even where one is already.
      return namespaceId(namespace) === namespaceId()
        ? body(name)
        : inNamespace(`/proc/self/fd/${namespace}`, () => body(name));
    } finally {
      libc().close(namespace);
    }
  }
}

function closeAll(fds: readonly number[]): void {
  for (const fd of fds) libc().close(fd);
}

/** What tells a device's namespace from others, where the kernel says. */
function namespaceIdOf(fd: number, what: string): string | undefined {
  const namespace = namespaceOf(fd, what);
  if (namespace === undefined) return undefined;
  try {
    return namespaceId(namespace);
  } finally {
    libc().close(namespace);
  }
}
