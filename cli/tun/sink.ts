// What wants to see packets.

import type { Timestamp } from "../../lib/clock.ts";
import type { PcapngDirection } from "../../lib/packet/pcapng.ts";

/** Which way a packet went, seen from the machine. */
export type Direction = PcapngDirection;

/** Something that is shown every packet; what it keeps it has to copy. */
export interface Sink {
  packet(packet: Uint8Array, direction: Direction, time: Timestamp): void;
  /** Resolves when what was seen so far is where it belongs. */
  flush(): Promise<void>;
}
