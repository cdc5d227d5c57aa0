// HSR and PRP: two links that carry every packet twice. Source: ip-link(8),
// IEC 62439-3.

import * as c from "../../../ffi/uapi/linux_if_link_kinds.ts";
import { ArgumentError } from "../../errors.ts";
import {
  type Attribute,
  ethernet,
  link,
  number,
  reported,
} from "../spec/attribute.ts";
import { u8 } from "../spec/codec.ts";
import { type LinkKind, linkKind } from "./kind.ts";

/** Options of an HSR or PRP link, with iproute2's keys. Source: ip-link(8). */
export interface HsrOptions {
  /** First link. */
  readonly slave1?: string | number;
  /** Second link. */
  readonly slave2?: string | number;
  /** Last byte of the multicast address of supervision frames. */
  readonly supervision?: number;
  /** Version of HSR. */
  readonly version?: number;
  /** Protocol: 0 HSR, 1 PRP. */
  readonly proto?: number;
}

/** What the kernel reports about an HSR or PRP link. */
export interface HsrData extends HsrOptions {
  /** Sequence number of the next packet. */
  readonly seq_nr?: number;
  /** Multicast address of supervision frames. */
  readonly supervision_addr?: string;
}

const FIXED = { change: "at creation" } as const;

function slave(number: number): Attribute<string | number> {
  const plain = link(number, FIXED);
  return {
    ...plain,
    json: [{
      link: true,
      read: (level) => level.has(number) ? level.get(number)?.i32() : null,
    }],
  };
}

const plainSupervision = number(c.IFLA_HSR_MULTICAST_SPEC, u8, {
  ...FIXED,
  kernelDefault: 0,
  json: false,
});

/** It is set as a byte and reported as the whole address. */
const supervision: Attribute<number> = {
  ...plainSupervision,
  decode(level) {
    const address = level.get(c.IFLA_HSR_SUPERVISION_ADDR);
    return address !== undefined && address.length >= 6
      ? address.bytes[address.at + 5]
      : plainSupervision.decode(level);
  },
};

export const hsr: LinkKind<HsrOptions> = linkKind<HsrOptions, HsrData>(
  "hsr",
  () => ({
    slave1: slave(c.IFLA_HSR_SLAVE1),
    slave2: slave(c.IFLA_HSR_SLAVE2),
    seq_nr: reported<number>(c.IFLA_HSR_SEQ_NR, (value) => value.u16(), {
      timer: true,
    }),
    supervision_addr: ethernet(c.IFLA_HSR_SUPERVISION_ADDR, {
      change: "never",
    }),
    proto: number(c.IFLA_HSR_PROTOCOL, u8, {
      ...FIXED,
      max: 1,
      kernelDefault: 0,
      since: "5.9",
    }),
    supervision,
    version: {
      ...number(c.IFLA_HSR_VERSION, u8, {
        ...FIXED,
        max: 1,
        json: false,
        since: "4.4",
      }),
      isReported: false,
    },
  }),
  {
    constants: { of: c, prefix: "IFLA_HSR_" },
    prepare(values, making) {
      for (const word of ["slave1", "slave2"] as const) {
        if (making && values[word] === undefined) {
          throw new ArgumentError(`hsr ${word}`, undefined, "a link");
        }
      }
      return { ...values };
    },
  },
);
