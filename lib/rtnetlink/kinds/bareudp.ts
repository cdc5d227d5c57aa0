// Bare UDP tunnels of IP or MPLS. Source: ip-link(8),
// Documentation/networking/bareudp.rst.

import * as c from "../../../ffi/uapi/linux_if_link_kinds.ts";
import { ArgumentError } from "../../errors.ts";
import {
  ethernetProtocolName,
  ethernetProtocolNumber,
} from "../names/ethernet.ts";
import {
  type Attribute,
  attribute,
  number,
  presence,
} from "../spec/attribute.ts";
import { be16, u16 } from "../spec/codec.ts";
import { wholeNumber } from "../spec/value.ts";
import { type LinkKind, linkKind } from "./kind.ts";

/** Options of a bare UDP tunnel, with iproute2's keys. Source: ip-link(8). */
export interface BareudpOptions {
  /** UDP destination port. */
  readonly dstport?: number;
  /** EtherType of the inner packets: a number, or a word like "mpls_uc". */
  readonly ethertype?: number | string;
  /** Smallest UDP source port. */
  readonly srcportmin?: number;
  /** Carry the companion protocol too: IPv6 beside IPv4, multicast MPLS beside unicast. */
  readonly multiproto?: boolean;
}

const FIXED = { change: "at creation" } as const;
const plainType = wholeNumber(0, 0xffff);

const ethertype: Attribute<number | string> = {
  ...attribute<number | string, number>(c.IFLA_BAREUDP_ETHERTYPE, {
    expected: `a protocol like ipv4, ipv6 or mpls_uc, or ${plainType.expected}`,
    schema: { anyOf: [plainType.schema, { type: "string" }] },
    read: (given) =>
      typeof given === "string" && ethernetProtocolNumber(given) !== undefined
        ? given
        : plainType.read(given),
    raw: be16.read,
    decode: (raw) => raw,
    json: ethernetProtocolName,
    encode(body, attribute, value) {
      body.be16(
        attribute,
        typeof value === "number" ? value : ethernetProtocolNumber(value)!,
      );
    },
    show: (value) =>
      new DataView(value.buffer, value.byteOffset, value.length).getUint16(0),
  }, FIXED),
  text: (value) =>
    typeof value === "number" ? ethernetProtocolName(value) : value,
};

export const bareudp: LinkKind<BareudpOptions> = linkKind<BareudpOptions>(
  "bareudp",
  () => ({
    dstport: number(c.IFLA_BAREUDP_PORT, be16, FIXED),
    ethertype,
    srcportmin: number(c.IFLA_BAREUDP_SRCPORT_MIN, u16, {
      ...FIXED,
      kernelDefault: 0,
    }),
    multiproto: {
      ...presence(c.IFLA_BAREUDP_MULTIPROTO_MODE, {
        ...FIXED,
        kernelDefault: false,
        absent: false,
      }),
      no: false,
    },
  }),
  {
    constants: { of: c, prefix: "IFLA_BAREUDP_" },
    prepare(values, making) {
      for (const word of ["dstport", "ethertype"] as const) {
        if (making && values[word] === undefined) {
          throw new ArgumentError(
            `bareudp ${word}`,
            undefined,
            word === "dstport" ? "a UDP port" : ethertype.expected,
          );
        }
      }
      return { ...values };
    },
  },
);
