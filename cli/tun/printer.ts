// Prints packets like tcpdump, or as JSON.

import { decodePacket, type LinkType } from "../../lib/packet/decode.ts";
import { describePacket } from "../../lib/packet/describe.ts";
import { packetJson } from "../../lib/packet/json.ts";
import type { Timestamp } from "../../lib/clock.ts";
import type { Output } from "../output/output.ts";
import { hexDump } from "./hex_dump.ts";
import type { Direction, Sink } from "./sink.ts";
import { isoTime, timeOfDay } from "../output/time.ts";

/** Prints packets. */
export class Printer implements Sink {
  readonly #output: Output;
  readonly #linkType: LinkType;
  readonly #hex: boolean;

  constructor(output: Output, linkType: LinkType, hex: boolean) {
    this.#output = output;
    this.#linkType = linkType;
    this.#hex = hex;
  }

  packet(bytes: Uint8Array, direction: Direction, time: Timestamp): void {
    const packet = decodePacket(bytes, this.#linkType);
    if (this.#output.json) {
      this.#output.object({
        event: "packet",
        time: isoTime(time),
        direction,
        ...packetJson(packet),
        ...(this.#hex ? { hex: bytes.toHex() } : {}),
      });
      return;
    }
    const { dim } = this.#output.style;
    this.#output.line(`${dim(timeOfDay(time))} ${describePacket(packet)}`);
    if (this.#hex) this.#output.line(hexDump(bytes));
  }

  flush(): Promise<void> {
    return this.#output.ready();
  }
}
