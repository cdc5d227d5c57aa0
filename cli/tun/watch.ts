// Reads packets of a device, passes them to the sinks and replies to pings.

import { realTime } from "../../lib/clock.ts";
import { PacketBatch } from "../../lib/tun/batch.ts";
import type { Tun } from "../../lib/tun/device.ts";
import { log } from "../log.ts";
import { CaptureError } from "./capture_file.ts";
import type { Responder } from "./responder.ts";
import type { Direction, Sink } from "./sink.ts";

/** Sinks, replies and end. */
export interface WatchOptions {
  readonly sinks: readonly Sink[];
  readonly responder: Responder | undefined;
  /** Packets after which it stops. */
  readonly count: number;
  /** Stops it. */
  readonly signal: AbortSignal;
  /** Called when a capture cannot be written; throws to stop. */
  readonly onWriteError: (error: CaptureError) => void;
}

/**
 * Reads packets until the count or the signal.
 *
 * @throws {DeviceGoneError} If the device is deleted.
 */
export async function watch(
  tun: Tun,
  { sinks, responder, count, signal, onWriteError }: WatchOptions,
): Promise<void> {
  const batch = new PacketBatch();
  const refused = new Set<string>();
  let time = realTime();
  const show = (packet: Uint8Array, direction: Direction) => {
    for (const sink of sinks) sink.packet(packet, direction, time);
  };
  for (let left = count; left > 0;) {
    try {
      await tun.readMany(batch, { signal });
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
    time = realTime();
    for (let i = 0; i < batch.count && left > 0; i++, left--) {
      const packet = batch.packet(i);
      show(packet, "out");
      responder?.handle(packet);
    }
    await responder?.send((packet) => {
      time = realTime();
      show(packet, "in");
    }, (error) => {
      if (!refused.has(error.code)) log.warn(error.message);
      refused.add(error.code);
    });
    for (const sink of sinks) {
      try {
        await sink.flush();
      } catch (error) {
        if (!(error instanceof CaptureError)) throw error;
        onWriteError(error);
      }
    }
  }
}
