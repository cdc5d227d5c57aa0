// Copies of messages for objects that read more of them later: many in one
// piece of memory, which is less work for the garbage collector than one each.

import { NLMSG_ALIGN } from "../../ffi/layout/linux_netlink.ts";
import { type MessageReader, NetlinkBuffer } from "./message.ts";

/** Small: one message that is kept for long keeps its neighbours' memory. */
const PIECE = 16384;

let piece: NetlinkBuffer | undefined;
let used = 0;

/** A message that stays as it is. */
export interface KeptMessage {
  readonly buffer: NetlinkBuffer;
  /** Where its header is. */
  readonly start: number;
  /** Where it ends, padding not included. */
  readonly end: number;
}

/** Copies the current message, header included. */
export function keepMessage(message: MessageReader): KeptMessage {
  const length = message.end - message.start;
  const room = NLMSG_ALIGN(length);
  if (piece === undefined || piece.bytes.length - used < room) {
    piece = new NetlinkBuffer(Math.max(PIECE, room));
    used = 0;
  }
  const start = used;
  used += room;
  piece.bytes.set(message.bytes.subarray(message.start, message.end), start);
  return { buffer: piece, start, end: start + length };
}
