/**
 * TUN and TAP devices, with several queues and offload.
 *
 * @module
 */

export { SystemError } from "../../ffi/errno.ts";
export { ArgumentError, ClosedError, TimeoutError } from "../errors.ts";
export type { WaitOptions } from "../io/reactor.ts";
export { inNamespace, type Namespace } from "../netns/namespace.ts";
export { TemporaryNamespace } from "../netns/namespace.ts";
export {
  BlockingPoll,
  StopEvent,
  type StopEventHandle,
} from "../io/blocking_poll.ts";
export { Tun } from "./device.ts";
export type { PacketDevice, TunState } from "./packet_device.ts";
export type { TunEvent } from "./events.ts";
export type * as tunEventTypes from "./event_types.ts";
export type { MacvtapOptions } from "./macvtap.ts";
export { type TunCounters, TunQueue, type TunQueueHandle } from "./queue.ts";
export { PacketChannel, type WriteOptions } from "./channel.ts";
export { PacketBatch, type PacketBatchOptions } from "./batch.ts";
export type { TunOffload } from "./features.ts";
export type { BatchWriteOptions } from "./writer.ts";
export type { TunOptions } from "./options.ts";
export {
  DeviceGoneError,
  LinkDownError,
  PacketRejectedError,
} from "./errors.ts";
export * as offload from "./offload.ts";
