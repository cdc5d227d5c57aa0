// IPVLAN and IPVTAP devices: further IP addresses of a lower link, sharing its link-layer
// address. Source: the kernel's ipvlan.rst.

import * as c from "../../../../ffi/layout/linux_if_link_kinds.ts";
import type { LinkKind } from "../kind.ts";
import { bitsOf, type OptionsOf, toggleBit, word } from "../option.ts";

/**
 * The options of an IPVLAN device, by iproute2's words. Source: ip-link(8),
 * linux/if_link.h.
 */
export interface IpvlanOptions {
  /** The layer at which packets are told apart. */
  readonly mode?: "l2" | "l3" | "l3s";
  /** Whether those on the same lower link hear each other, as they do anyway. */
  readonly bridge?: boolean;
  /** Whether they do not. */
  readonly private?: boolean;
  /** Whether they do so only by way of the switch outside. */
  readonly vepa?: boolean;
}

const MODES = {
  l2: c.IPVLAN_MODE_L2,
  l3: c.IPVLAN_MODE_L3,
  l3s: c.IPVLAN_MODE_L3S,
};

/** The options that are bits of one attribute. */
const BITS = { private: c.IPVLAN_F_PRIVATE, vepa: c.IPVLAN_F_VEPA };

const options: OptionsOf<IpvlanOptions> = {
  mode: word("u16", c.IFLA_IPVLAN_MODE, MODES),
  bridge: toggleBit,
  private: toggleBit,
  vepa: toggleBit,
};

export const ipvlan: LinkKind = {
  name: "ipvlan",
  lower: true,
  options,
  finish(body, values) {
    body.u16(c.IFLA_IPVLAN_FLAGS, bitsOf(values, BITS).value);
  },
};

export const ipvtap: LinkKind = { ...ipvlan, name: "ipvtap" };
