// One lane of the tunnel: a queue of the device and a UDP socket, both ways.

import {
  type ErrorEvent,
  type Message,
  PacketBatch,
  type PacketChannel,
  ReceiveBatch,
  UdpSocket,
} from "@netplumb/netplumb";
import { AesGcm, type Sealer } from "./sealer.ts";
import { tooBig } from "./too_big.ts";

/** What a lane needs to know. */
export interface LaneOptions {
  /** The port of its socket; 0 lets the kernel choose. */
  readonly port: number;
  /** The other end; undefined learns it from what comes. */
  readonly peer:
    | { readonly address: string; readonly port: number }
    | undefined;
  readonly offload: boolean;
  /** 64 hexadecimal digits, to encrypt. */
  readonly key: string | undefined;
}

/** The longest payload of a UDP datagram over IPv4. */
export const LARGEST_DATAGRAM = 65_507;
/** Bytes that encryption adds to a packet. */
export const SEAL_OVERHEAD = 28;

/** Headers of IP and UDP around a datagram. */
const HEADERS = { 4: 28, 6: 48 } as const;
/** Milliseconds after which the other end learns that this one is there. */
const HELLO = 10_000;
/** Milliseconds after which a longer path is tried again: RFC 1191. */
const PROBE = 600_000;
const NOTHING = new Uint8Array();

/** One lane, which carries packets once it runs. */
export class Lane implements AsyncDisposable {
  readonly #queue: PacketChannel;
  readonly #options: LaneOptions;
  readonly #socket: UdpSocket;
  readonly #sealer: Sealer | undefined;
  readonly #onLimit: (limit: number) => void;
  /** Where packets go, and from which address. */
  #way: Omit<Message, "data"> | undefined;
  /** The longest packet that the path carries. */
  #limit: number;
  #probe: ReturnType<typeof setTimeout> | undefined;

  private constructor(
    queue: PacketChannel,
    options: LaneOptions,
    sealer: Sealer | undefined,
    onLimit: (limit: number) => void,
  ) {
    this.#queue = queue;
    this.#options = options;
    this.#sealer = sealer;
    this.#onLimit = onLimit;
    this.#limit = this.#most;
    if (options.peer !== undefined) this.#way = { to: options.peer };
    this.#socket = UdpSocket.bind({
      port: options.port,
      receiveBuffer: 4 << 20,
      // Datagrams that came together are received together, and joined below.
      gro: options.offload,
      // Routers on the way do not fragment, they report the MTU of their link.
      dontFragment: true,
      receiveErrors: true,
    });
  }

  /**
   * Opens the socket.
   *
   * @param queue The device, or one of its queues.
   * @param onLimit Called with the longest packet that the path carries, where
   * that changes.
   */
  static open(
    queue: PacketChannel,
    options: LaneOptions,
    onLimit: (limit: number) => void,
  ): Lane {
    const { key, peer } = options;
    const sealer = key === undefined
      ? undefined
      : new AesGcm(key, peer !== undefined);
    return new Lane(queue, options, sealer, onLimit);
  }

  /** The port of its socket. */
  get port(): number {
    return this.#socket.address.port;
  }

  get #most(): number {
    return LARGEST_DATAGRAM - (this.#sealer?.overhead ?? 0);
  }

  /** Carries packets until it is closed. */
  async run(): Promise<void> {
    const hello = setInterval(() => this.#hello(), HELLO);
    this.#hello();
    try {
      await Promise.all([this.#outwards(), this.#inwards(), this.#watchPath()]);
    } catch (error) {
      if (!this.#socket.closed) throw error;
    } finally {
      clearInterval(hello);
    }
  }

  /** An empty packet: it keeps the way open and tells the other end of it. */
  #hello(): void {
    if (this.#options.peer === undefined) return;
    this.#send([NOTHING]).catch(() => {});
  }

  async #outwards(): Promise<void> {
    for await (const batch of this.#queue.batches()) {
      if (this.#way === undefined) continue;
      const packets: Uint8Array[] = [];
      for (let i = 0; i < batch.count; i++) {
        const packet = batch.packet(i);
        if (packet.length <= this.#limit) packets.push(packet);
        else await this.#refuse(packet);
      }
      await this.#send(packets);
    }
  }

  /** Tells the sender of a packet what the path carries. */
  async #refuse(packet: Uint8Array): Promise<void> {
    const reply = tooBig(packet, this.#limit);
    if (reply !== undefined) await this.#queue.write(reply).catch(() => {});
  }

  async #send(packets: readonly Uint8Array[]): Promise<void> {
    const datagrams = this.#sealer === undefined
      ? packets
      : await this.#sealer.seal(packets);
    const way = this.#way;
    // As on any path between hosts, what cannot be sent is lost. What is longer
    // than the path carries (EMSGSIZE) is reported in the error queue, too.
    await this.#socket.sendMany(datagrams.map((data) => ({ data, ...way })));
  }

  async #inwards(): Promise<void> {
    const { offload, peer } = this.#options;
    // Whole datagrams, however long; memory that is not used is not taken.
    const received = new ReceiveBatch({
      size: offload ? 16 : 64,
      bufferSize: 65_535,
    });
    const packets = new PacketBatch();
    // What is no packet came from someone else.
    const options = { coalesce: offload, onRejected() {} };
    while (!this.#socket.closed) {
      const count = await this.#socket.receiveMany(received);
      const datagrams: Uint8Array[] = [];
      for (let i = 0; i < count; i++) {
        const segments = received.data(i);
        const size = received.segmentSize(i) || segments.length;
        if (segments.length === 0) datagrams.push(segments);
        for (let at = 0; at < segments.length; at += size) {
          datagrams.push(segments.subarray(at, at + size));
        }
      }
      const opened = this.#sealer === undefined
        ? datagrams
        : await this.#sealer.open(datagrams);
      if (peer === undefined && opened.length > 0) {
        const { peer: to, local } = received.describe(count - 1);
        // Nothing can be sent to port 0.
        if (to.port !== 0) this.#way = { to, source: local?.source };
      }
      for (const packet of opened) {
        if (packet.length === 0) continue;
        if (packets.count === packets.size) {
          await this.#queue.writeMany(packets, options);
          packets.clear();
        }
        packets.push(packet);
      }
      await this.#queue.writeMany(packets, options);
      packets.clear();
    }
  }

  /** Follows the MTU of the path, which routers and the kernel report. */
  async #watchPath(): Promise<void> {
    for await (const error of this.#socket.errors()) {
      if (error.code === "EMSGSIZE") this.#narrow(error);
    }
  }

  #narrow({ info, origin, peer }: ErrorEvent): void {
    const version = origin === "icmp6" ||
        origin === "local" && peer?.address.includes(":")
      ? 6
      : 4;
    const overhead = HEADERS[version] + (this.#sealer?.overhead ?? 0);
    const limit = Math.min(this.#most, info - overhead);
    if (limit === this.#limit || limit < 68) return;
    this.#setLimit(limit);
    clearTimeout(this.#probe);
    this.#probe = setTimeout(() => this.#setLimit(this.#most), PROBE);
    Deno.unrefTimer(this.#probe);
  }

  #setLimit(limit: number): void {
    this.#limit = limit;
    this.#onLimit(limit);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#probe);
    await this.#socket.close();
  }
}
