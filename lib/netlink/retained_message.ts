// Copies of messages for objects that decode the rest of them later. Many share
// one block, which is less work for the garbage collector than one each, and the
// rest of a datagram is copied at once, because the next is likely retained too.

import { NLMSG_ALIGN } from "../../ffi/uapi/linux_netlink.ts";
import { NetlinkBuffer } from "./buffer.ts";
import type { MessageReader } from "./message.ts";

/** Small: one message that lives long keeps the block of its neighbours. */
const BLOCK = 16384;

let block: NetlinkBuffer | undefined;
let used = 0;

/** A message whose memory is not reused. */
export interface RetainedMessage {
  readonly buffer: NetlinkBuffer;
  /** Offset of its header. */
  readonly start: number;
  /** End offset, without padding. */
  readonly end: number;
}

/** The walk that was copied last, and the distance of its copy. */
let walk = -1;
let distance = 0;

/** Copies the current message, header included. */
export function retainMessage(message: MessageReader): RetainedMessage {
  const { start, end } = message;
  if (message.walk !== walk || block === undefined) {
    const size = NLMSG_ALIGN(message.limit - start);
    if (block === undefined || block.bytes.length - used < size) {
      block = new NetlinkBuffer(Math.max(BLOCK, size));
      used = 0;
    }
    block.bytes.set(message.bytes.subarray(start, message.limit), used);
    walk = message.walk;
    distance = used - start;
    used += size;
  }
  return { buffer: block, start: start + distance, end: end + distance };
}
