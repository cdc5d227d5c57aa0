// What of this room a program may use.

export {
  type Dump,
  type DumpOptions,
  type DumpOutcome,
  type LazyDump,
  NetlinkConnection,
  type NetlinkConnectionOptions,
  type OnInterrupt,
  type Reply,
} from "./connection.ts";
export {
  type DrainOutcome,
  NetlinkSubscription,
  type NetlinkSubscriptionOptions,
} from "./subscription.ts";
export type { Decode, NetlinkRequest } from "./exchange.ts";
export { LazyList } from "./lazy_list.ts";
export type { NetlinkSocketOptions } from "./socket.ts";
export { MessageReader, NetlinkBuffer } from "./message.ts";
export { AttributeReader, type UnknownAttribute } from "./attribute.ts";
export { AttributeWriter } from "./attribute_writer.ts";
export type { NetlinkCounters } from "./counters.ts";
export type {
  AttributeNames,
  NetlinkStruct,
  Vocabulary,
} from "./vocabulary.ts";
export {
  DumpInterruptedError,
  type ExtendedAck,
  NetlinkError,
  type RequestDescription,
} from "./errors.ts";
