// What of this room a program may use.

export { UdpSocket } from "./socket.ts";
export type { UdpSocketHandle } from "./open.ts";
export type { SendResult } from "./send.ts";
export type { BindOptions, Family } from "./options.ts";
export type { Datagram, DatagramInfo, LocalInfo } from "./datagram.ts";
export type { Endpoint } from "./sockaddr.ts";
export type { Message, SendOptions } from "./message.ts";
export type { ErrorEvent } from "./error_queue.ts";
export type { InterfaceRef } from "../interface_index.ts";
export { SourceUnavailableError } from "./errors.ts";
export { ReceiveBatch, type ReceiveBatchOptions } from "./receive_batch.ts";
export { type Outgoing, type ReplyOptions, SendBatch } from "./send_batch.ts";
