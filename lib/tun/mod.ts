// What of this room a program may use.

export { Tun, type TunState } from "./device.ts";
export { type TunCounters, TunQueue, type TunQueueHandle } from "./queue.ts";
export { PacketChannel, type WriteOptions } from "./channel.ts";
export { PacketBatch, type PacketBatchOptions } from "./batch.ts";
export type { TunOffload } from "./features.ts";
export type { Framing } from "./framing.ts";
export type { BatchWriteOptions } from "./writer.ts";
export type { TunOptions } from "./options.ts";
export {
  DeviceGoneError,
  LinkDownError,
  PacketRejectedError,
} from "./errors.ts";
export * from "./offload.ts";
