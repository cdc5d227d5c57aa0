// TUN and TAP devices: queues and interface.

import { libc } from "../../ffi/libc.ts";
import { IFF_PERSIST } from "../../ffi/uapi/linux_if_tun.ts";
import { IFF_RUNNING, IFF_UP } from "../../ffi/uapi/net_if.ts";
import {
  inNamespace,
  type Namespace,
  namespaceId,
} from "../netns/namespace.ts";
import { ClosedError, wholeNumber } from "../errors.ts";
import { Deadline } from "../io/deadline.ts";
import {
  customInspect,
  type Inspect,
  inspectFields,
  postItsHandleAndAttach,
} from "../io/handle.ts";
import type { WaitOptions } from "../io/reactor.ts";
import { yieldIfDue } from "../io/yield.ts";
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
import { deviceEvents, type MonitoredEvent, type TunEvent } from "./events.ts";
import { resolveOffload, setOffload, type TunOffload } from "./features.ts";
import { flowHash } from "./flow_hash.ts";
import { type Framing, ipOffset } from "./framing.ts";
import {
  interfaceState,
  setInterfaceMtu,
  setInterfaceUp,
} from "./interface.ts";
import { checkBeforeJoin, isJoined } from "./join.ts";
import {
  type MacvtapOptions,
  openMacvtapQueue,
  resolveMacvtapOptions,
} from "./macvtap.ts";
import { resolveTunOptions, type TunOptions } from "./options.ts";
import type { PacketDevice, TunState } from "./packet_device.ts";
import { type TunCounters, TunQueue } from "./queue.ts";
import type { BatchWriteOptions } from "./writer.ts";

const DONE = Promise.resolve();
/**
 * The abort reason of waits on other queues; constant, because abort() creates
 * an error.
 */
const CANCELLED = Symbol("another queue is readable");

/** The result of opening a device. */
interface Opened {
  readonly fds: readonly number[];
  readonly name: string;
  readonly framing: Framing;
  readonly namespace: Namespace | undefined;
  /** The namespace of the device at that time, if the kernel reports it. */
  readonly home: string | undefined;
  readonly isMacvtap: boolean;
}

/**
 * A TUN or TAP device.
 *
 * It remains the same device when its interface is renamed, moved to another
 * network namespace or set down. After it is deleted, iterations and streams
 * end and all other operations reject with DeviceGoneError.
 *
 * Most programs need only the methods of `PacketDevice`: `read`, `write`,
 * `readMany`, `writeMany`, `up`, `state`, `events` and `close`.
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
export class Tun extends PacketChannel implements PacketDevice {
  /** `tun` carries IP packets, `tap` Ethernet frames. */
  readonly mode: "tun" | "tap";
  /** The enabled offloads; undefined without offload. */
  readonly offload: TunOffload | undefined;
  /** The device's queues; reading the device itself reads all of them. */
  readonly queues: readonly TunQueue[];
  readonly #namespace: Namespace | undefined;
  readonly #home: string | undefined;
  readonly #framing: Framing;
  readonly #isMacvtap: boolean;
  #name: string;
  #next = 0;
  /** The queue that was not writable at the last write, to wait for. */
  #full: TunQueue | undefined;
  /** Resolves when earlier reads from several queues have ended. */
  #reads: Promise<void> | undefined;
  /**
   * Makes postMessage throw: post the `handle` of a queue instead.
   *
   * @internal
   */
  protected readonly notCloneable: () => void = postItsHandleAndAttach;

  private constructor(opened: Opened) {
    super();
    const { fds, name, framing, namespace, home, isMacvtap } = opened;
    this.mode = framing.mode;
    this.offload = framing.offload;
    this.#framing = framing;
    this.#namespace = namespace;
    this.#home = home;
    this.#isMacvtap = isMacvtap;
    this.#name = name;
    const what = this.what;
    this.queues = fds.map((fd, index) => {
      const queue = fds.length > 1 ? `queue ${index} of ${what}` : what;
      return TunQueue.own(fd, queue, framing, index);
    });
  }

  /**
   * Creates a device or attaches to an existing one. A new device is down: see
   * `up()`.
   *
   * Attaching to a multi-queue device that other descriptors hold does not
   * change its settings: options that differ are rejected.
   *
   * @param options The device; default: a new TUN device.
   * @throws {ArgumentError} For invalid options.
   * @throws {SystemError} If /dev/net/tun cannot be opened, if the device
   *   exists and is in use or of another kind, or without CAP_NET_ADMIN if the
   *   device has to be created or belongs to another user.
   */
  static open(options: TunOptions = {}): Tun {
    const wanted = resolveTunOptions(options);
    const { mode, packetInformation: information } = wanted;
    const open = (): Opened => {
      checkBeforeJoin(`${mode.toUpperCase()} device ${wanted.name}`, wanted);
      const fds: number[] = [];
      try {
        let { name, exclusive } = wanted;
        let joined = false;
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
          if (index > 0) continue;
          const what = `${mode.toUpperCase()} device ${name}`;
          joined = isJoined(attached.fd, name, what, wanted);
        }
        const what = `${mode.toUpperCase()} device ${name}`;
        const fd = fds[0]!;
        const home = namespaceIdOf(fd, what);
        let offload: TunOffload | undefined;
        if (joined) offload = resolveOffload(wanted.offload);
        else {
          // A persistent device still has the offloads of its previous user.
          offload = setOffload(fd, what, wanted.offload);
          if (wanted.owner !== undefined) setOwner(fd, what, wanted.owner);
          if (wanted.group !== undefined) setGroup(fd, what, wanted.group);
          // Last, so that an error before it leaves no device behind.
          if (wanted.persist !== undefined) {
            setPersist(fd, what, wanted.persist);
          }
        }
        const framing = { mode, information, offload };
        const { namespace } = options;
        return { fds, name, framing, namespace, home, isMacvtap: false };
      } catch (error) {
        closeAll(fds);
        throw error;
      }
    };
    const opened = inNamespace(
      options.namespace,
      open,
      ({ fds }) => closeAll(fds),
    );
    return new Tun(opened);
  }

  /**
   * Opens the character device of a macvtap link: a TAP device that sends and
   * receives through its lower link. The link is created by rtnetlink (`ip link
   * add link eth0 name mv0 type macvtap mode bridge`) and remains after close.
   * `setCarrier` and `setPersist` are not supported.
   *
   * Source: ip-link(8), drivers/net/tap.c.
   *
   * @param name The macvtap link.
   * @param options Its namespace, and how to open it.
   * @throws {ArgumentError} For invalid options.
   * @throws {SystemError} If the link does not exist, or its node cannot be
   *   opened.
   */
  static openMacvtap(name: string, options: MacvtapOptions = {}): Tun {
    const wanted = resolveMacvtapOptions(name, options);
    const open = (): Opened => {
      const fds: number[] = [];
      try {
        for (let index = 0; index < wanted.queues; index++) {
          fds.push(openMacvtapQueue(wanted));
        }
        const what = `macvtap link ${name}`;
        const offload = setOffload(fds[0]!, what, wanted.offload);
        return {
          fds,
          name,
          framing: { mode: "tap", information: false, offload, macvtap: true },
          namespace: options.namespace,
          home: undefined,
          isMacvtap: true,
        };
      } catch (error) {
        closeAll(fds);
        throw error;
      }
    };
    return new Tun(
      inNamespace(options.namespace, open, ({ fds }) => closeAll(fds)),
    );
  }

  /**
   * The current name of the device; the last known one after it was deleted.
   */
  get name(): string {
    if (!this.closed) {
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
    return this.#isMacvtap
      ? `macvtap link ${this.#name}`
      : `${this.mode.toUpperCase()} device ${this.#name}`;
  }

  /** Whether every queue is closed. */
  get closed(): boolean {
    return this.queues.every((queue) => queue.closed);
  }

  /** Packet and byte counters of all queues since the device was opened. */
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
   * Reads the state of the device and its interface.
   *
   * @throws {DeviceGoneError} If the device was deleted.
   * @throws {ClosedError} If it is closed.
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
        persistent: this.#isMacvtap || (flags & IFF_PERSIST) !== 0,
        moved: current !== this.#home,
      };
    });
  }

  /**
   * Sets the link up. The kernel then sends packets as on any new link, for
   * example a router solicitation.
   *
   * @throws {SystemError} EPERM without CAP_NET_ADMIN.
   * @throws {DeviceGoneError} If the device was deleted.
   */
  up(): void {
    this.#where((name) => setInterfaceUp(name, true));
  }

  /**
   * Sets the link down: reads wait, writes throw LinkDownError.
   *
   * @throws {SystemError} EPERM without CAP_NET_ADMIN.
   * @throws {DeviceGoneError} If the device was deleted.
   */
  down(): void {
    this.#where((name) => setInterfaceUp(name, false));
  }

  /**
   * Sets the MTU.
   *
   * @param mtu The MTU in bytes, 68 to 65535 (65521 for TAP).
   * @throws {ArgumentError} If it is out of range.
   * @throws {SystemError} EPERM without CAP_NET_ADMIN.
   * @throws {DeviceGoneError} If the device was deleted.
   */
  setMtu(mtu: number): void {
    const most = this.mode === "tun" ? 65_535 : 65_521;
    wholeNumber("mtu", mtu, 68, most);
    this.#where((name) => setInterfaceMtu(name, mtu));
  }

  /**
   * Runs `body` with the calling thread in the device's network namespace, and
   * returns to its own: for example to open a netlink socket there.
   *
   * @param body A synchronous function.
   * @returns What `body` returned.
   * @throws {SystemError} EPERM without CAP_SYS_ADMIN, if it is another
   *   namespace than the thread's.
   * @throws {DeviceGoneError} If the device was deleted.
   */
  inNamespace<T>(body: () => T): T {
    return this.#where(() => body());
  }

  /**
   * Sets the carrier. Without a carrier the kernel sends nothing to the device;
   * packets that are written are accepted.
   *
   * @param carrier Whether there is a carrier.
   * @throws {DeviceGoneError} If the device was deleted.
   * @throws {SystemError} For a macvtap link, which has the carrier of its
   *   lower link.
   * @throws {ClosedError} If it is closed.
   */
  setCarrier(carrier: boolean): void {
    setCarrier(this.#fd, this.what, carrier);
  }

  /**
   * Sets whether the device persists after it is closed.
   *
   * @param persist Whether it persists.
   * @throws {DeviceGoneError} If the device was deleted.
   * @throws {ClosedError} If it is closed.
   */
  setPersist(persist: boolean): void {
    setPersist(this.#fd, this.what, persist);
  }

  /**
   * Reports events of the device: changes of link state, MTU, name and
   * addresses, deletion, moves. With a monitor that was opened with `snapshot`,
   * the first events are the current state.
   *
   * @param monitor The events of a `Monitor` of links and addresses in the
   *   device's network namespace. `tunEvents()` opens one and follows the
   *   device to other namespaces.
   * @param options A signal and a timeout in milliseconds, for each event.
   * @returns The events; "removed" or "moved" is the last one.
   * @throws {DeviceGoneError} If it was deleted before.
   * @throws {ClosedError} If it is closed.
   *
   * @example
   * ```ts
   * import { Monitor, TemporaryNamespace, Tun } from "@netplumb/netplumb";
   *
   * await using namespace = TemporaryNamespace.create();
   * await using tun = Tun.open({ namespace: namespace.path });
   * await using monitor = await Monitor.open({
   *   objects: ["link", "address"],
   *   snapshot: true,
   *   namespace: namespace.path,
   * });
   * for await (const event of tun.events(monitor)) {
   *   console.log(event); // { event: "down", running: false }
   *   break;
   * }
   * ```
   */
  events(
    monitor: AsyncIterable<MonitoredEvent>,
    options: WaitOptions = {},
  ): AsyncGenerator<TunEvent, void, void> {
    const { index: ifindex } = this.state();
    return deviceEvents(
      monitor,
      { ifindex, exists: () => this.#exists() },
      options,
    );
  }

  #exists(): boolean {
    try {
      attachedTo(this.#fd, this.what);
      return true;
    } catch (error) {
      if (error instanceof DeviceGoneError || error instanceof ClosedError) {
        return false;
      }
      throw error;
    }
  }

  /** Reads the available packets without waiting: see PacketChannel. */
  tryReadMany(batch: PacketBatch): number {
    const { queues } = this;
    if (queues.length === 1) return queues[0]!.tryReadMany(batch);
    let open = false;
    for (let tries = 0; tries < queues.length; tries++) {
      const queue = queues[this.#next]!;
      this.#next = (this.#next + 1) % queues.length;
      if (queue.closed) continue;
      open = true;
      const count = queue.tryReadMany(batch);
      if (count > 0) return count;
    }
    if (!open) throw new ClosedError(this.what);
    return 0;
  }

  /**
   * Writes packets without waiting: see PacketChannel. With several queues, a
   * batch is written to the queue that it was read from, and other packets to a
   * queue by flow hash: the kernel delivers a flow on the queue that it was
   * last written to.
   */
  tryWriteMany(batch: PacketBatch, options: BatchWriteOptions = {}): number {
    if (this.queues.length === 1) {
      return this.queues[0]!.tryWriteMany(batch, options);
    }
    const attached = this.#attached;
    // The kernel accepts packets on a detached queue, too.
    const queues = attached.length > 0 ? attached : [this.#first];
    const { queue } = batch;
    if (queues.length === 1 || queue !== undefined) {
      const to = queues.find(({ index }) => index === queue) ??
        queues[(queue ?? 0) % queues.length]!;
      return this.#writeTo(to, batch, options, batch.count);
    }
    const { from = 0 } = options;
    for (let at = from; at < batch.count;) {
      const to = this.#queueOf(batch, at, queues);
      let end = at + 1;
      while (end < batch.count && this.#queueOf(batch, end, queues) === to) {
        end++;
      }
      const next = this.#writeTo(to, batch, { ...options, from: at }, end);
      if (next < end) return next;
      at = end;
    }
    return batch.count;
  }

  #writeTo(
    queue: TunQueue,
    batch: PacketBatch,
    options: BatchWriteOptions,
    end: number,
  ): number {
    const next = queue.writeRange(batch, options, end);
    this.#full = next < end ? queue : undefined;
    return next;
  }

  /** The open queues for writes. */
  get #attached(): readonly TunQueue[] {
    const { queues } = this;
    return queues.every(({ closed, detached }) => !closed && !detached)
      ? queues
      : queues.filter(({ closed, detached }) => !closed && !detached);
  }

  #queueOf(
    batch: PacketBatch,
    index: number,
    queues: readonly TunQueue[],
  ): TunQueue {
    const { bytes } = batch;
    const start = batch.start(index);
    const end = start + batch.length(index);
    const ip = start + ipOffset(this.#framing, bytes, start);
    return queues[flowHash(bytes, ip, end) % queues.length]!;
  }

  /**
   * Closes every queue and cancels pending operations with ClosedError. The
   * kernel deletes the device unless it is persistent or open in another
   * process.
   */
  async close(): Promise<void> {
    await Promise.all(this.queues.map((queue) => queue.close()));
  }

  /** Lets pending operations keep the process alive, which is the default. */
  ref(): void {
    for (const queue of this.queues) queue.ref();
  }

  /** Lets the process exit while operations are pending. */
  unref(): void {
    for (const queue of this.queues) queue.unref();
  }

  /**
   * The text that console.log prints.
   *
   * @internal
   */
  [customInspect](inspect: Inspect, options: Deno.InspectOptions): string {
    const { mode, offload, counters } = this;
    const [first] = this.queues;
    const fields = {
      // The last known name, because the device may be deleted.
      name: this.#name,
      mode,
      offload,
      queues: this.queues.length,
      closed: first?.closed,
      ...counters,
    };
    return inspectFields("Tun", fields, inspect, options);
  }

  /** Whether reads are pending; a new one is queued. */
  protected override get readsWait(): boolean {
    return this.queues.length === 1
      ? this.queues[0]!.readsWait
      : this.#reads !== undefined;
  }

  /** Whether writes are pending; a new one is queued. */
  protected override get writesWait(): boolean {
    return this.queues.some((queue) => queue.writesWait);
  }

  /** Reads as soon as data is available, after pending reads. */
  protected override readLater<T>(
    attempt: () => T | undefined,
    options: WaitOptions,
    yields: boolean,
  ): Promise<T> {
    return this.queues.length === 1
      ? this.queues[0]!.readLater(attempt, options, yields)
      : this.#readAny(attempt, options);
  }

  /** Writes as soon as the device is writable, after pending writes. */
  protected override async writeLater<T>(
    attempt: () => T | undefined,
    options: WaitOptions,
    yields: boolean,
  ): Promise<T> {
    for (;;) {
      const queue = this.#writable();
      try {
        return await queue.writeLater(attempt, options, yields);
      } catch (error) {
        // The queue was closed during the wait, but the device is open.
        if (!(error instanceof ClosedError) || this.closed) throw error;
      }
    }
  }

  /** Waits until it may be readable, for `tryReadMany`. */
  waitReadable(options: WaitOptions = {}): Promise<void> {
    const { queues } = this;
    return queues.length === 1
      ? queues[0]!.waitReadable(options)
      : this.#anyReadable(options);
  }

  /** Waits until it may be writable, for `tryWriteMany`. */
  async waitWritable(options: WaitOptions = {}): Promise<void> {
    await this.#writable().waitWritable(options);
  }

  /** The queue that was not writable, or the first open one. */
  #writable(): TunQueue {
    const full = this.#full;
    return full !== undefined && !full.closed ? full : this.#first;
  }

  /** Reads from the first queue with data, one read at a time. */
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
        const result = attempt() ??
          await this.#firstReadable(attempt, deadline.bounds());
        if (result !== undefined) return result;
      }
    } catch (error) {
      throw deadline.own(error);
    } finally {
      resolve();
      if (this.#reads === own) this.#reads = undefined;
    }
  }

  /**
   * Attempts to read after an event of any queue; undefined if another attempt
   * is needed, because a queue was closed.
   */
  async #firstReadable<T>(
    attempt: () => T | undefined,
    options: WaitOptions,
  ): Promise<T | undefined> {
    const others = new AbortController();
    const signal = options.signal === undefined
      ? others.signal
      : AbortSignal.any([options.signal, others.signal]);
    // Two queues may have an event at the same time: one of them reads. Packets
    // that were read are returned even if the wait ends otherwise.
    let result: T | undefined;
    let over = false;
    const once = () =>
      over || result !== undefined ? undefined : result = attempt();
    const bounds = { ...options, signal };
    const waits = this.queues.filter((queue) => !queue.closed)
      .map((queue) => queue.readLater(once, bounds, false));
    if (waits.length === 0) throw new ClosedError(this.what);
    try {
      return await Promise.race(waits);
    } catch (error) {
      if (result !== undefined) return result;
      // A queue was closed: continue with the others, after another attempt.
      if (!(error instanceof ClosedError) || this.closed) throw error;
      return undefined;
    } finally {
      over = true;
      others.abort(CANCELLED);
      for (const wait of waits) wait.catch(ignore);
    }
  }

  async #anyReadable(options: WaitOptions): Promise<void> {
    const others = new AbortController();
    const signal = options.signal === undefined
      ? others.signal
      : AbortSignal.any([options.signal, others.signal]);
    const waits = this.queues.filter((queue) => !queue.closed).map((queue) =>
      queue.waitReadable({ ...options, signal })
    );
    if (waits.length === 0) throw new ClosedError(this.what);
    try {
      await Promise.race(waits);
    } catch (error) {
      // A queue was closed: continue with the others, after another attempt.
      if (!(error instanceof ClosedError) || this.closed) throw error;
    } finally {
      others.abort(CANCELLED);
      await Promise.allSettled(waits);
    }
  }

  /** The first open queue. */
  get #first(): TunQueue {
    const open = this.queues.find((queue) => !queue.closed);
    if (open === undefined) throw new ClosedError(this.what);
    return open;
  }

  get #fd(): number {
    return this.#first.fd;
  }

  /** Runs `body` in the device's namespace, with its name there. */
  #where<T>(body: (name: string) => T): T {
    const { name } = attachedTo(this.#fd, this.what);
    this.#name = name;
    const namespace = namespaceOf(this.#fd, this.what);
    if (namespace === undefined) {
      return inNamespace(this.#namespace, () => body(name));
    }
    try {
      // Entering requires CAP_SYS_ADMIN, even for the current namespace.
      return namespaceId(namespace) === namespaceId()
        ? body(name)
        : inNamespace(`/proc/self/fd/${namespace}`, () => body(name));
    } finally {
      libc().close(namespace);
    }
  }
}

function ignore(): void {}

function closeAll(fds: readonly number[]): void {
  for (const fd of fds) libc().close(fd);
}

/** Identifies the device's namespace, if the kernel reports it. */
function namespaceIdOf(fd: number, what: string): string | undefined {
  const namespace = namespaceOf(fd, what);
  if (namespace === undefined) return undefined;
  try {
    return namespaceId(namespace);
  } finally {
    libc().close(namespace);
  }
}
