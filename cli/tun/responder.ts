// The host that answers pings behind the device: any address that is routed to
// it. On a TAP device it also answers for the addresses it is asked about.

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

/** Answers what a device's packets ask, as far as a ping needs it. */
export class Responder {
  readonly #tun: Tun;
  readonly #linkAddress: Uint8Array;
  readonly #answers = new PacketBatch();
  answered = 0;

  constructor(tun: Tun) {
    this.#tun = tun;
    // Locally administered, of one host: nobody else's.
    this.#linkAddress = crypto.getRandomValues(new Uint8Array(6));
    this.#linkAddress[0] = this.#linkAddress[0] & 0xfc | 0x02;
  }

  /** Takes up a packet; it may be changed. */
  look(packet: Uint8Array): void {
    const answer = this.#tun.mode === "tun"
      ? answerEcho(packet) ? packet : undefined
      : this.#lookFrame(packet);
    if (answer !== undefined) this.#answers.push(answer);
  }

  /**
   * Writes the answers.
   *
   * @param onWritten Called with each that the kernel took.
   * @param onRejected Called with what it said of others.
   */
  async send(
    onWritten: (packet: Uint8Array) => void,
    onRejected: (error: SystemError) => void,
  ): Promise<void> {
    const answers = this.#answers;
    if (answers.count === 0) return;
    const rejected = new Set<number>();
    await this.#tun.writeMany(answers, {
      onRejected(error) {
        rejected.add(error.index);
        onRejected(error);
      },
    });
    for (let i = 0; i < answers.count; i++) {
      if (rejected.has(i)) continue;
      this.answered++;
      onWritten(answers.packet(i));
    }
    answers.clear();
  }

  #lookFrame(frame: Uint8Array): Uint8Array | undefined {
    if (answerArp(frame, this.#linkAddress)) return frame;
    const advertisement = answerNeighbour(frame, this.#linkAddress);
    if (advertisement !== undefined) return advertisement;
    const ethernet = decodeEthernet(frame);
    if (
      ethernet.malformed !== undefined ||
      !answerEcho(frame, ethernet.payloadOffset)
    ) return;
    swapEthernet(frame);
    return frame;
  }
}
