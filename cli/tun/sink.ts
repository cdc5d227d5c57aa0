// Destinations of packets: the printer and the capture.

import type { Timestamp } from "../../lib/clock.ts";
import type { PcapngDirection } from "../../lib/packet/pcapng.ts";

/** The direction of a packet, seen from the kernel. */
export type Direction = PcapngDirection;

/** Receives every packet; a packet is valid only during the call. */
export interface Sink {
  packet(packet: Uint8Array, direction: Direction, time: Timestamp): void;
  /** Resolves when the packets so far are written. */
  flush(): Promise<void>;
}
