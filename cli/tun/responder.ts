// Replies to pings of any address that is routed to the device. On a TAP device
// it also replies to ARP and neighbour discovery.

import type { Tun } from "../../lib/tun/device.ts";
import { PacketBatch } from "../../lib/tun/batch.ts";
import type { SystemError } from "../../ffi/errno.ts";
import {
  answerArp,
  answerEcho,
  answerNeighbour,
  swapEthernet,
} from "../../lib/packet/answer.ts";
import { decodeEthernet } from "../../lib/packet/ethernet.ts";
import {
  fragmentPacket,
  FragmentReassembler,
} from "../../lib/packet/fragment.ts";

/** Replies to the packets that a ping needs. */
export class Responder {
  readonly #tun: Tun;
  readonly #linkAddress: Uint8Array;
  readonly #reassembler = new FragmentReassembler();
  readonly #batch = new PacketBatch();
  /** Fragmented replies, which may exceed the batch. */
  readonly #fragmented: Uint8Array[][] = [];
  answered = 0;

  constructor(tun: Tun) {
    this.#tun = tun;
    // A locally administered unicast address.
    this.#linkAddress = crypto.getRandomValues(new Uint8Array(6));
    this.#linkAddress[0] = this.#linkAddress[0] & 0xfc | 0x02;
  }

  /** Handles a packet, which it may modify. */
  handle(packet: Uint8Array): void {
    if (this.#tun.mode === "tun") {
      this.#replyToEcho(packet, 0);
      return;
    }
    if (answerArp(packet, this.#linkAddress)) {
      this.#batch.push(packet);
      return;
    }
    const advertisement = answerNeighbour(packet, this.#linkAddress);
    if (advertisement !== undefined) {
      this.#batch.push(advertisement);
      return;
    }
    const ethernet = decodeEthernet(packet);
    if (ethernet.malformed === undefined) {
      this.#replyToEcho(packet, ethernet.payloadOffset);
    }
  }

  /** Replies to an echo request, in fragments if it came in fragments. */
  #replyToEcho(packet: Uint8Array, offset: number): void {
    const part = offset === 0 ? packet : packet.subarray(offset);
    const request = this.#reassembler.add(part);
    if (request === undefined || !answerEcho(request)) return;
    if (request === part) {
      if (offset > 0) swapEthernet(packet);
      this.#batch.push(packet);
      return;
    }
    const header = packet.slice(0, offset);
    if (offset > 0) swapEthernet(header);
    const { mtu } = this.#tun.state();
    this.#fragmented.push(
      fragmentPacket(request, mtu).map((fragment) => joined(header, fragment)),
    );
  }

  /**
   * Writes the replies.
   *
   * @param onWritten Called with each reply that the kernel accepted.
   * @param onRejected Called with the error of each rejected reply.
   */
  async send(
    onWritten: (packet: Uint8Array) => void,
    onRejected: (error: SystemError) => void,
  ): Promise<void> {
    const batch = this.#batch;
    this.answered += await this.#write(onWritten, onRejected);
    for (const fragments of this.#fragmented.splice(0)) {
      let written = 0;
      for (const fragment of fragments) {
        if (batch.push(fragment)) continue;
        written += await this.#write(onWritten, onRejected);
        batch.push(fragment);
      }
      written += await this.#write(onWritten, onRejected);
      if (written === fragments.length) this.answered++;
    }
  }

  /**
   * Writes the batch and empties it; returns the number of accepted replies.
   */
  async #write(
    onWritten: (packet: Uint8Array) => void,
    onRejected: (error: SystemError) => void,
  ): Promise<number> {
    const batch = this.#batch;
    if (batch.count === 0) return 0;
    const rejected = new Set<number>();
    await this.#tun.writeMany(batch, {
      onRejected(error) {
        rejected.add(error.index);
        onRejected(error);
      },
    });
    let written = 0;
    for (let i = 0; i < batch.count; i++) {
      if (rejected.has(i)) continue;
      written++;
      onWritten(batch.packet(i));
    }
    batch.clear();
    return written;
  }
}

function joined(header: Uint8Array, packet: Uint8Array): Uint8Array {
  if (header.length === 0) return packet;
  const frame = new Uint8Array(header.length + packet.length);
  frame.set(header);
  frame.set(packet, header.length);
  return frame;
}
