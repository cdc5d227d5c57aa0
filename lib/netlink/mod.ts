/**
 * Netlink of any family: requests, dumps and notifications.
 *
 * @module
 */

export { SystemError } from "../../ffi/errno.ts";
export { ArgumentError, ClosedError, TimeoutError } from "../errors.ts";
export type { WaitOptions } from "../io/reactor.ts";
export { inNamespace, type Namespace } from "../netns/namespace.ts";
export { TemporaryNamespace } from "../netns/namespace.ts";
export {
  type Dump,
  type DumpOptions,
  type DumpOutcome,
  type LazyDump,
  NetlinkConnection,
  type NetlinkConnectionOptions,
  type Reply,
} from "./connection.ts";
export {
  type DrainOutcome,
  NetlinkSubscription,
  type NetlinkSubscriptionOptions,
} from "./subscription.ts";
export type { Decode, NetlinkRequest } from "./transaction.ts";
export type { NetlinkSocketOptions } from "./socket.ts";
export { LazyList } from "./lazy_list.ts";
export { MessageReader } from "./message.ts";
export { AttributeReader, type UnknownAttribute } from "./attribute.ts";
export { AttributeWriter } from "./attribute_writer.ts";
export type { NetlinkCounters } from "./counters.ts";
export {
  DumpInterruptedError,
  type ExtendedAck,
  NetlinkError,
  type RequestDescription,
} from "./errors.ts";
