// Netlink framing: messages in a datagram, attributes in a message, and the
// kernel's answers to a request.

import { NLMSG_DONE, NLMSG_ERROR } from "../../../ffi/uapi/linux_netlink.ts";
import {
  errorNumber,
  extendedAck,
} from "../../../lib/netlink/acknowledgement.ts";
import { AttributeReader } from "../../../lib/netlink/attribute.ts";
import { AttributeWriter } from "../../../lib/netlink/attribute_writer.ts";
import { noCounts } from "../../../lib/netlink/counters.ts";
import { NetlinkBuffer } from "../../../lib/netlink/buffer.ts";
import { MessageReader } from "../../../lib/netlink/message.ts";
import type { Target } from "../target.ts";

const DEEPEST = 3;
const NESTED = 0x8000;
/** The sizes of the structs in front of rtnetlink's attributes. */
const HEADERS = [16, 8, 12];
const REQUEST = { type: 0, body: new Uint8Array(16) };

/** Every value of every attribute, read as everything it could be. */
function walk(attributes: AttributeReader, depth: number): string {
  let reported = "";
  while (attributes.next()) {
    const { type, nested, length } = attributes;
    reported += `${type}${nested ? "n" : ""}(${length})=${attributes.u8()},` +
      `${attributes.u16()},${attributes.be16()},${attributes.u32()},` +
      `${attributes.be32()},${attributes.i32()},${attributes.u64()},` +
      `${attributes.be64()},${attributes.string()}`;
    if (depth < DEEPEST) reported += `{${walk(attributes.enter(), depth + 1)}}`;
    reported += ";";
  }
  return reported;
}

/** One level of attributes: written again, it must read the same. */
function checkWriter(message: MessageReader, header: number): void {
  const writer = new AttributeWriter();
  const attributes = message.attributes(header);
  while (attributes.next()) {
    const { type, nested } = attributes;
    writer.bytes(nested ? type | NESTED : type, attributes.copy());
  }
  const buffer = NetlinkBuffer.of(writer.finish());
  const again = new AttributeReader(buffer, noCounts());
  again.reset(0, buffer.bytes.length);
  const before = walk(message.attributes(header), DEEPEST);
  const after = walk(again, DEEPEST);
  if (before !== after) throw new Error(`${before} written again is ${after}`);
}

export const netlink: Target = {
  name: "netlink",
  corpus: "route",
  seeds: () => [],
  read(arena, start, length) {
    const counters = noCounts();
    const message = new MessageReader(new NetlinkBuffer(arena), counters);
    message.reset(start, start + length);
    let reported = "";
    while (message.next()) {
      const { type, flags, sequence, port } = message;
      const header = HEADERS[type % HEADERS.length];
      reported += `${type} ${flags} ${sequence} ${port} `;
      reported += walk(message.attributes(header), 0);
      checkWriter(message, header);
      if (type === NLMSG_ERROR || type === NLMSG_DONE) {
        reported += errorNumber(message);
        reported += JSON.stringify(extendedAck(message, REQUEST));
      }
    }
    return reported + JSON.stringify(counters);
  },
};
