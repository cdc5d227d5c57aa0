// A newer kernel than any tested: its messages have attributes that no process
// knows, and structs that have grown.

import { substitute } from "../../ffi/libc.ts";
import {
  IFLA_INFO_DATA,
  IFLA_INFO_SLAVE_DATA,
  IFLA_LINKINFO,
  IFLA_STATS64,
} from "../../ffi/uapi/linux_if_link.ts";
import { IFA_CACHEINFO } from "../../ffi/uapi/linux_if_addr.ts";
import {
  fib_rule_hdr,
  FRA_DPORT_RANGE,
  FRA_SPORT_RANGE,
  newer,
} from "../../ffi/uapi/linux_fib_rules.ts";
import { NDA_CACHEINFO } from "../../ffi/uapi/linux_neighbour.ts";
import { NLMSG_HDRLEN } from "../../ffi/uapi/linux_netlink.ts";
import {
  ifinfomsg,
  RTA_CACHEINFO,
  RTM_NEWADDR,
  RTM_NEWLINK,
  RTM_NEWNEIGH,
  RTM_NEWNEXTHOP,
  RTM_NEWROUTE,
  RTM_NEWRULE,
} from "../../ffi/uapi/linux_rtnetlink.ts";
import { AttributeWriter } from "../../lib/netlink/attribute_writer.ts";
import { type Bytes, message } from "./netlink.ts";

/** What is added to a level of a message. */
interface Additions {
  /** Bytes of the struct in front of the attributes. */
  readonly header?: number;
  /** Attributes that hold attributes, which get additions of their own. */
  readonly inside?: Readonly<Record<number, Additions>>;
  /** Attributes that hold a struct, which grows by eight bytes. */
  readonly longer?: readonly number[];
  /** Writes what the kernel adds because an attribute is there. */
  readonly beside?: Readonly<Record<number, (body: AttributeWriter) => void>>;
  /** Whether unknown attributes would make it another object. */
  readonly identifies?: boolean;
}

const portMask = (attribute: number) => (body: AttributeWriter) =>
  void body.u16(attribute, 0xffff);

const ADDITIONS: Readonly<Record<number, Additions>> = {
  [RTM_NEWLINK]: {
    header: ifinfomsg.size,
    inside: {
      [IFLA_LINKINFO]: {
        inside: { [IFLA_INFO_DATA]: {}, [IFLA_INFO_SLAVE_DATA]: {} },
      },
    },
    longer: [IFLA_STATS64],
  },
  [RTM_NEWADDR]: { header: 8, longer: [IFA_CACHEINFO] },
  [RTM_NEWROUTE]: { header: 12, longer: [RTA_CACHEINFO] },
  [RTM_NEWNEIGH]: { header: 12, longer: [NDA_CACHEINFO] },
  [RTM_NEWNEXTHOP]: { header: 8 },
  // From Linux 6.15: the mask of each port that is no range.
  [RTM_NEWRULE]: {
    header: fib_rule_hdr.size,
    beside: {
      [FRA_SPORT_RANGE]: portMask(newer.FRA_SPORT_MASK),
      [FRA_DPORT_RANGE]: portMask(newer.FRA_DPORT_MASK),
    },
    identifies: true,
  },
};

/** The attributes that are added everywhere: of any form. */
export const UNKNOWN: readonly { type: number; value: Bytes }[] = [
  { type: 250, value: new Uint8Array(0) },
  { type: 251, value: new Uint8Array([1, 2, 3, 4]) },
  // Nested, with NLA_F_NESTED.
  { type: 0x8000 | 252, value: new Uint8Array([8, 0, 1, 0, 9, 9, 9, 9]) },
];

/** The attributes of a level with the additions. */
function extended(attributes: Uint8Array, additions: Additions): Uint8Array {
  const { inside = {}, longer = [], beside = {}, identifies } = additions;
  const body = new AttributeWriter();
  const present = new Set<number>();
  const { buffer, byteOffset, length } = attributes;
  const view = new DataView(buffer, byteOffset, length);
  for (let at = 0; at + 4 <= length;) {
    const size = view.getUint16(at, true);
    const type = view.getUint16(at + 2, true);
    const number = type & 0x3fff;
    const value = attributes.subarray(at + 4, at + size);
    const within = inside[number];
    if (within !== undefined) body.bytes(type, extended(value, within));
    else if (longer.includes(number)) {
      body.bytes(
        type,
        new Uint8Array([...value, ...new Uint8Array(8).fill(7)]),
      );
    } else body.bytes(type, value);
    present.add(number);
    at += (size + 3) & ~3;
  }
  for (const [number, write] of Object.entries(beside)) {
    if (present.has(Number(number))) write(body);
  }
  if (!identifies) {
    for (const { type, value } of UNKNOWN) body.bytes(type, value);
  }
  return body.finish();
}

/** The messages of a datagram as a newer kernel would have sent it. */
function newerMessages(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const messages: Uint8Array[] = [];
  for (let at = 0; at + NLMSG_HDRLEN <= bytes.length;) {
    const length = view.getUint32(at, true);
    const type = view.getUint16(at + 4, true);
    const body = bytes.slice(at + NLMSG_HDRLEN, at + length);
    const additions = ADDITIONS[type];
    if (additions === undefined) messages.push(bytes.slice(at, at + length));
    else {
      const { header = 0 } = additions;
      const longer = message(
        type,
        new Uint8Array([
          ...body.subarray(0, header),
          ...extended(body.subarray(header), additions),
        ]),
      );
      // Flags, sequence number and port.
      longer.set(bytes.subarray(at + 6, at + NLMSG_HDRLEN), 6);
      messages.push(longer);
    }
    at += (length + 3) & ~3;
  }
  return messages;
}

/** Until it is disposed of, requests of this thread are replied to that way. */
export function newerKernel(): Disposable & { readonly datagrams: number } {
  let datagrams = 0;
  const substitution = substitute((real) => ({
    recvfrom(fd, buffer, ...rest) {
      const length = real.recvfrom(fd, buffer, ...rest);
      if (length <= 0) return length;
      const bytes = buffer as Uint8Array;
      let at = 0;
      for (const one of newerMessages(bytes.slice(0, length))) {
        bytes.set(one, at);
        at += (one.length + 3) & ~3;
      }
      datagrams++;
      return at;
    },
  }));
  return {
    get datagrams() {
      return datagrams;
    },
    [Symbol.dispose]: () => substitution[Symbol.dispose](),
  };
}
