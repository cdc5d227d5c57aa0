// Virtual routing: links of their own routing table. Source: the kernel's
// vrf.rst.

import { IFLA_VRF_TABLE } from "../../../../ffi/layout/linux_if_link_kinds.ts";
import type { LinkKind } from "../kind.ts";
import { number, type OptionsOf } from "../option.ts";

/** The options of a VRF device. Source: ip-link(8), linux/if_link.h. */
export interface VrfOptions {
  /** The routing table of its links. */
  readonly table?: number;
}

const options: OptionsOf<VrfOptions> = {
  table: number("u32", IFLA_VRF_TABLE, 1),
};

export const vrf: LinkKind = { name: "vrf", options };
