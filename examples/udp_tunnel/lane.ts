// A lane of the tunnel: a queue of the device and a UDP socket, in both
// directions.

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

/** Options of a lane. */
export interface LaneOptions {
  /** The port of its socket; 0 lets the kernel choose. */
  readonly port: number;
  /** The other end; undefined for the sender of the last datagram. */
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
/** Interval of keepalives to the other end, in milliseconds. */
const HELLO = 10_000;
/** Milliseconds until a larger path MTU is tried again: RFC 1191. */
const PROBE = 600_000;
const NOTHING = new Uint8Array();

/** A lane, which forwards packets while it runs. */
export class Lane implements AsyncDisposable {
  readonly #queue: PacketChannel;
  readonly #options: LaneOptions;
  readonly #socket: UdpSocket;
  readonly #sealer: Sealer | undefined;
  readonly #onLimit: (limit: number) => void;
  /** The destination of packets, and the source address. */
  #way: Omit<Message, "data"> | undefined;
  /** The longest packet for the path MTU. */
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
      // GRO on receive, coalescing on write.
      gro: options.offload,
      // Routers do not fragment the datagrams: they report the MTU of their
      // link.
      dontFragment: true,
      receiveErrors: true,
    });
  }

  /**
   * Opens the socket.
   *
   * @param queue The device, or one of its queues.
   * @param onLimit Called with the longest packet for the path MTU, when it
   *   changes.
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

  /** Forwards packets until it is closed. */
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

  /**
   * Sends an empty packet: a keepalive that also reports this end's address.
   */
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

  /** Sends the path MTU to the sender of a packet, by ICMP. */
  async #refuse(packet: Uint8Array): Promise<void> {
    const reply = tooBig(packet, this.#limit);
    if (reply !== undefined) await this.#queue.write(reply).catch(() => {});
  }

  async #send(packets: readonly Uint8Array[]): Promise<void> {
    const datagrams = this.#sealer === undefined
      ? packets
      : await this.#sealer.seal(packets);
    const way = this.#way;
    // Packets that cannot be sent are lost, as on any path. If a packet exceeds
    // the path MTU (EMSGSIZE), the error queue also reports it.
    await this.#socket.sendMany(datagrams.map((data) => ({ data, ...way })));
  }

  async #inwards(): Promise<void> {
    const { offload, peer } = this.#options;
    // Datagrams of any length; unused memory is not allocated.
    const received = new ReceiveBatch({
      size: offload ? 16 : 64,
      bufferSize: 65_535,
    });
    const packets = new PacketBatch();
    // Data that is not a packet came from another sender.
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
        // Port 0 is not a valid destination.
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

  /** Follows the path MTU that routers and the kernel report. */
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
