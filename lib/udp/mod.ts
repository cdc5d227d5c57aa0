/**
 * UDP sockets with packet info, batches, GSO and GRO.
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
export {
  formatAddress,
  parseAddress,
  type ZonedAddress,
} from "../net/ip_address.ts";
export {
  interfaceIndex,
  interfaceName,
  type InterfaceRef,
} from "../net/interface_index.ts";
export { UdpSocket } from "./socket.ts";
export type { UdpSocketHandle } from "./socket_state.ts";
export {
  type SendFailure,
  SendInterruptedError,
  type SendResult,
} from "./errors.ts";
export type { BindOptions } from "./options.ts";
export type * as udpOptions from "./option_types.ts";
export { activationDescriptors } from "./open.ts";
export { joinOnAllInterfaces } from "./join_all.ts";
export { pathMtu } from "./open.ts";
export type { Family } from "../socket/option.ts";
export type { Datagram, DatagramInfo, LocalInfo } from "./datagram.ts";
export type { Endpoint } from "../socket/sockaddr.ts";
export type { Message, SendOptions } from "./message.ts";
export type { ErrorEvent, TransmitTimestamp } from "../socket/error_queue.ts";
export { NoReplyPortError, SourceUnavailableError } from "./errors.ts";
export { ReceiveBatch, type ReceiveBatchOptions } from "./receive_batch.ts";
export { type ReplyOptions, SendBatch } from "./send_batch.ts";
export type { Outgoing } from "./send_queue.ts";
