/**
 * Types of the options of UDP sockets and of what they report.
 *
 * @module
 */

export type { AddressPreference, PathMtuDiscovery } from "./socket_options.ts";
export type { UdpSocketSettings } from "./options.ts";
export type { DatagramsOptions } from "./receiver.ts";
export type { SocketReplyOptions } from "./socket.ts";
export type { SocketOptions } from "./socket_state.ts";
export type { OptionLevel, UdpSocketOptions } from "./socket_options.ts";
export type { ActivationDescriptor } from "./open.ts";
export type { PathMtuOptions } from "./open.ts";
export type {
  InterfaceEvent,
  InterfaceInfo,
  JoinAllOptions,
  MembershipEvent,
} from "./join_all.ts";
export type {
  BpfProgramFd,
  FilterInstruction,
  SocketProgram,
} from "../socket/filter.ts";
export type {
  PacketTimestamps,
  Timestamping,
  TransmitTimeOptions,
} from "../socket/timestamping.ts";
export type { TransmitTimestamp } from "../socket/error_queue.ts";
