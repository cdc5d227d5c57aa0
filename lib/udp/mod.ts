// Public API of lib/udp.

export { UdpSocket } from "./socket.ts";
export type { UdpSocketHandle } from "./open.ts";
export type { SendResult } from "./send.ts";
export type { BindOptions } from "./options.ts";
export type { Family } from "../socket/option.ts";
export type { Datagram, DatagramInfo, LocalInfo } from "./datagram.ts";
export type { Endpoint } from "../socket/sockaddr.ts";
export type { Message, SendOptions } from "./message.ts";
export type { ErrorEvent } from "../socket/error_queue.ts";
export type { InterfaceRef } from "../interface_index.ts";
export { SourceUnavailableError } from "./errors.ts";
export { ReceiveBatch, type ReceiveBatchOptions } from "./receive_batch.ts";
export { type ReplyOptions, SendBatch } from "./send_batch.ts";
export type { Outgoing } from "./send_queue.ts";
