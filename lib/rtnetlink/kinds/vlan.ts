// VLANs of a lower link. Source: ip-link(8), IEEE 802.1Q.

import { ETH_P_8021AD, ETH_P_8021Q } from "../../../ffi/uapi/linux_if_ether.ts";
import * as c from "../../../ffi/uapi/linux_if_link_kinds.ts";
import {
  VLAN_FLAG_BRIDGE_BINDING,
  VLAN_FLAG_GVRP,
  VLAN_FLAG_LOOSE_BINDING,
  VLAN_FLAG_MVRP,
  VLAN_FLAG_REORDER_HDR,
} from "../../../ffi/uapi/linux_if_vlan.ts";
import { ethernetProtocolName } from "../names/ethernet.ts";
import {
  type Attribute,
  attribute,
  bits,
  maskedBits,
  number,
  reported,
  word,
} from "../spec/attribute.ts";
import { be16, u16 } from "../spec/codec.ts";
import { bitNames, type JsonValue } from "../spec/json.ts";
import { type LinkKind, linkKind } from "./kind.ts";

/** A VLAN tag by its standard. */
export type VlanProtocol = "802.1Q" | "802.1ad";

/** The EtherType of each tag. */
export const ETHERTYPES: { readonly [P in VlanProtocol]: number } = {
  "802.1Q": ETH_P_8021Q,
  "802.1ad": ETH_P_8021AD,
};

/**
 * Options of a VLAN link, with iproute2's keys. Source: ip-link(8),
 * linux/if_vlan.h.
 */
export interface VlanOptions {
  /** Protocol of the tag. */
  readonly protocol?: VlanProtocol;
  /** VLAN identifier. */
  readonly id?: number;
  /** Remove the tag before the packet is delivered. */
  readonly reorder_hdr?: boolean;
  /** Register the VLAN with GVRP. */
  readonly gvrp?: boolean;
  /** Register the VLAN with MVRP. */
  readonly mvrp?: boolean;
  /** Do not follow the state of the lower link. */
  readonly loose_binding?: boolean;
  /** Follow the state of the bridge ports in the VLAN. */
  readonly bridge_binding?: boolean;
  /** Map the tag's priority to the packet's on receive: "1:2 3:4". */
  readonly "ingress-qos-map"?: string;
  /** Map the packet's priority to the tag's on send: "1:2 3:4". */
  readonly "egress-qos-map"?: string;
}

/** What the kernel reports about a VLAN link. */
export interface VlanData extends VlanOptions {
  /** Names of the flags that are set. */
  readonly flags?: readonly string[];
}

const FLAGS = {
  reorder_hdr: VLAN_FLAG_REORDER_HDR,
  gvrp: VLAN_FLAG_GVRP,
  mvrp: VLAN_FLAG_MVRP,
  loose_binding: VLAN_FLAG_LOOSE_BINDING,
  bridge_binding: VLAN_FLAG_BRIDGE_BINDING,
};
const FLAG_NAMES = Object.entries(FLAGS).map(([word, bit]) =>
  [bit, word.toUpperCase()] as const
);

const PAIR = /^\d{1,9}:\d{1,9}$/;

type Priority = { readonly from: number; readonly to: number };

function prioritiesOf(text: string): Priority[] {
  return text.split(" ").filter(Boolean).map((pair) => {
    const [from = NaN, to = NaN] = pair.split(":").map(Number);
    return { from, to };
  });
}

function priorities(number: number, key: string): Attribute<string> {
  return {
    ...attribute<string, readonly Priority[]>(number, {
      expected: "pairs of priorities like 1:2 3:4",
      schema: {
        type: "string",
        pattern: "^\\d{1,9}:\\d{1,9}( \\d{1,9}:\\d{1,9})*$",
      },
      several: true,
      read: (given) =>
        typeof given === "string" &&
          given.split(" ").every((pair) => PAIR.test(pair))
          ? given
          : undefined,
      raw(value) {
        const map: Priority[] = [];
        const one = value.enter();
        while (one.next()) {
          if (one.length < c.ifla_vlan_qos_mapping.size) continue;
          map.push(c.ifla_vlan_qos_mapping.get(one.view, one.at));
        }
        return map;
      },
      decode: (map) => map.map(({ from, to }) => `${from}:${to}`).join(" "),
      json: (map): JsonValue => map.map((pair) => ({ ...pair })),
      encode(body, attribute, value) {
        body.nest(attribute, () => {
          for (const pair of prioritiesOf(value)) {
            body.bytes(
              c.IFLA_VLAN_QOS_MAPPING,
              c.ifla_vlan_qos_mapping.build(pair),
            );
          }
        }, true);
      },
    }, { key }),
    // The kernel adds pairs and keeps the others; it does not report pairs that
    // map to 0.
    same(is, wanted) {
      const there = prioritiesOf(is);
      return prioritiesOf(wanted).every(({ from, to }) =>
        (there.find((pair) => pair.from === from)?.to ?? 0) === to
      );
    },
  };
}

const flags = bits(c.IFLA_VLAN_FLAGS, maskedBits, FLAGS, {
  json: false,
  on: ["reorder_hdr"],
});

/** The kernel reports no flags where none is set. */
const reorder_hdr: Attribute<boolean> = {
  ...flags.reorder_hdr,
  decode: (level) =>
    flags.reorder_hdr.decode(level) ??
      (level.has(c.IFLA_VLAN_PROTOCOL) ? false : undefined),
};

export const vlan: LinkKind<VlanOptions> = linkKind<VlanOptions, VlanData>(
  "vlan",
  () => ({
    protocol: word(c.IFLA_VLAN_PROTOCOL, be16, ETHERTYPES, {
      change: "at creation",
      kernelDefault: "802.1Q",
      json: ethernetProtocolName,
      absent: "802.1q",
    }),
    id: number(c.IFLA_VLAN_ID, u16, { max: 4095, change: "at creation" }),
    flags: reported<readonly string[]>(
      c.IFLA_VLAN_FLAGS,
      (value) =>
        value.length < c.ifla_vlan_flags.size
          ? undefined
          : bitNames(value.u32(), FLAG_NAMES),
    ),
    ...flags,
    reorder_hdr,
    "ingress-qos-map": priorities(c.IFLA_VLAN_INGRESS_QOS, "ingress_qos"),
    "egress-qos-map": priorities(c.IFLA_VLAN_EGRESS_QOS, "egress_qos"),
  }),
  {
    module: "8021q",
    lower: true,
    needs: c.IFLA_VLAN_ID,
    constants: {
      of: c,
      prefix: "IFLA_VLAN_",
      but: ["IFLA_VLAN_QOS_"],
      inside: {
        [c.IFLA_VLAN_INGRESS_QOS]: { of: c, prefix: "IFLA_VLAN_QOS_" },
        [c.IFLA_VLAN_EGRESS_QOS]: { of: c, prefix: "IFLA_VLAN_QOS_" },
      },
    },
  },
);
