// Datagrams that the echo server ignores: a reply to another service that replies
// to everything would start a loop.

import type { ReceiveBatch } from "../../lib/udp/receive_batch.ts";

/** Ports of services that reply to everything: echo, daytime, qotd, chargen, time, DNS, NTP. */
export const ANSWERING_PORTS: ReadonlySet<number> = new Set([
  7,
  13,
  17,
  19,
  37,
  53,
  123,
]);

/** Why a datagram is ignored. */
export type Refusal =
  | "answering-port"
  | "own-port"
  | "no-port"
  | "echoing-peer";

/**
 * Whether a received datagram is ignored.
 *
 * A peer with the port of this server is probably an echo server: this one, with
 * a forged source, or another.
 *
 * @param anyPort Whether to reply to the ports of services that reply to
 *   everything.
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
