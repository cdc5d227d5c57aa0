// Copies of messages for objects that read more of them later: many in one
// piece of memory, which is less work for the garbage collector than one each,
// and all that a datagram has left at once, since the next is likely kept too.

import { NLMSG_ALIGN } from "../../ffi/uapi/linux_netlink.ts";
import { NetlinkBuffer } from "./buffer.ts";
import type { MessageReader } from "./message.ts";

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

/** The walk that was copied last, and how far its copy is from it. */
let walk = -1;
let distance = 0;

/** Copies the current message, header included. */
export function keepMessage(message: MessageReader): KeptMessage {
  const { start, end } = message;
  if (message.walk !== walk || piece === undefined) {
    const room = NLMSG_ALIGN(message.limit - start);
    if (piece === undefined || piece.bytes.length - used < room) {
      piece = new NetlinkBuffer(Math.max(PIECE, room));
      used = 0;
    }
    piece.bytes.set(message.bytes.subarray(start, message.limit), used);
    walk = message.walk;
    distance = used - start;
    used += room;
  }
  return { buffer: piece, start: start + distance, end: end + distance };
}
