// VLAN devices: one VLAN of a lower link. Source: IEEE 802.1Q.

import {
  ETH_P_8021AD,
  ETH_P_8021Q,
} from "../../../../ffi/layout/linux_if_ether.ts";
import * as c from "../../../../ffi/layout/linux_if_link_kinds.ts";
import {
  VLAN_FLAG_BRIDGE_BINDING,
  VLAN_FLAG_GVRP,
  VLAN_FLAG_LOOSE_BINDING,
  VLAN_FLAG_MVRP,
  VLAN_FLAG_REORDER_HDR,
} from "../../../../ffi/layout/linux_if_vlan.ts";
import type { LinkKind } from "../kind.ts";
import {
  bitsOf,
  number,
  type Option,
  type OptionsOf,
  word,
} from "../option.ts";
import { bit } from "../value.ts";

/** A VLAN tag by its standard. */
export type VlanProtocol = "802.1Q" | "802.1ad";

/** The EtherType of each tag. */
export const ETHERTYPES: { readonly [P in VlanProtocol]: number } = {
  "802.1Q": ETH_P_8021Q,
  "802.1ad": ETH_P_8021AD,
};

/**
 * The options of a VLAN device, by iproute2's words. Source: ip-link(8),
 * linux/if_vlan.h.
 */
export interface VlanOptions {
  /** Its tag; 802.1Q if not given. */
  readonly protocol?: VlanProtocol;
  /** Its VLAN, 0 to 4095. */
  readonly id?: number;
  /** Whether the tag is taken off before anybody sees the packet. */
  readonly reorder_hdr?: boolean;
  /** Whether it is announced by GVRP. */
  readonly gvrp?: boolean;
  /** Whether it is announced by MVRP. */
  readonly mvrp?: boolean;
  /** Whether its state does not follow that of the lower link. */
  readonly loose_binding?: boolean;
  /** Whether its state follows the bridge's ports that are in its VLAN. */
  readonly bridge_binding?: boolean;
  /** From the tag's priority to the packet's: "1:2 3:4". */
  readonly "ingress-qos-map"?: string;
  /** From the packet's priority to the tag's. */
  readonly "egress-qos-map"?: string;
}

/** The options that are bits of one attribute. */
const BITS = {
  reorder_hdr: VLAN_FLAG_REORDER_HDR,
  gvrp: VLAN_FLAG_GVRP,
  mvrp: VLAN_FLAG_MVRP,
  loose_binding: VLAN_FLAG_LOOSE_BINDING,
  bridge_binding: VLAN_FLAG_BRIDGE_BINDING,
};

const PAIR = /^\d{1,9}:\d{1,9}$/;

function priorities(attribute: number): Option<string> {
  return {
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
    write(body, value) {
      body.nest(attribute, () => {
        for (const pair of value.split(" ")) {
          const [from, to] = pair.split(":").map(Number);
          body.bytes(
            c.IFLA_VLAN_QOS_MAPPING,
            c.ifla_vlan_qos_mapping.build({ from, to }),
          );
        }
      }, true);
    },
  };
}

const options: OptionsOf<VlanOptions> = {
  protocol: word("be16", c.IFLA_VLAN_PROTOCOL, ETHERTYPES),
  id: number("u16", c.IFLA_VLAN_ID, 0, 4095),
  reorder_hdr: bit,
  gvrp: bit,
  mvrp: bit,
  loose_binding: bit,
  bridge_binding: bit,
  "ingress-qos-map": priorities(c.IFLA_VLAN_INGRESS_QOS),
  "egress-qos-map": priorities(c.IFLA_VLAN_EGRESS_QOS),
};

export const vlan: LinkKind = {
  name: "vlan",
  module: "8021q",
  lower: true,
  options,
  finish(body, values) {
    const { value, mask } = bitsOf(values, BITS);
    if (mask === 0) return;
    body.bytes(
      c.IFLA_VLAN_FLAGS,
      c.ifla_vlan_flags.build({ flags: value, mask }),
    );
  },
};
