// When the echo server keeps silent: an answer to another answering service
// would be answered again, for ever.

import type { ReceiveBatch } from "../../lib/udp/receive_batch.ts";

/** Services that answer whatever they are sent: echo, daytime, qotd, chargen, time, DNS, NTP. */
export const ANSWERING_PORTS: ReadonlySet<number> = new Set([
  7,
  13,
  17,
  19,
  37,
  53,
  123,
]);

/** Why a datagram is not answered. */
export type Refusal =
  | "answering-port"
  | "own-port"
  | "no-port"
  | "echoing-peer";

/**
 * Whether a received datagram must not be answered.
 *
 * A peer that uses this server's own port is taken for an echo server: this one,
 * asked with a forged source, or another one like it.
 *
 * @param anyPort Whether the ports of services that reply to everything are not
 * refused.
 */
export function refusal(
  batch: ReceiveBatch,
  slot: number,
  ownPort: number,
  anyPort = false,
): Refusal | undefined {
  const port = batch.peerPort(slot);
  if (port === ownPort) return "own-port";
  if (port < 124) {
    if (port === 0) return "no-port";
    if (!anyPort && ANSWERING_PORTS.has(port)) return "answering-port";
  }
  return undefined;
}
