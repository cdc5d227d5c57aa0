// Messages made by a test, and read as if they had come.

import { assert } from "@std/assert";
import { NLMSG_HDRLEN } from "../../ffi/layout/linux_netlink.ts";
import {
  MessageReader,
  NetlinkBuffer,
  writeHeader,
} from "../../lib/netlink/message.ts";

export type Bytes = Uint8Array<ArrayBuffer>;

/** A message with its header. */
export function message(type: number, body: Uint8Array): Bytes {
  const bytes = new Uint8Array(NLMSG_HDRLEN + body.length);
  writeHeader(new DataView(bytes.buffer), 0, {
    length: bytes.length,
    type,
    flags: 0,
    sequence: 0,
  });
  bytes.set(body, NLMSG_HDRLEN);
  return bytes;
}

/** A reader that stands on the only message of these bytes. */
export function reader(bytes: Bytes): MessageReader {
  const messages = new MessageReader(NetlinkBuffer.of(bytes));
  messages.reset(0, bytes.length);
  assert(messages.next());
  return messages;
}
