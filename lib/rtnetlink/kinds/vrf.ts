// VRFs: links with their own routing table. Source: ip-link(8),
// Documentation/networking/vrf.rst.

import * as c from "../../../ffi/uapi/linux_if_link_kinds.ts";
import { number } from "../spec/attribute.ts";
import { u32 } from "../spec/codec.ts";
import { type LinkKind, linkKind, portSettings } from "./kind.ts";

/** Options of a VRF link. Source: ip-link(8), linux/if_link.h. */
export interface VrfOptions {
  /** Routing table of its links. */
  readonly table?: number;
}

export const vrf: LinkKind<VrfOptions> = linkKind<VrfOptions>("vrf", () => ({
  table: number(c.IFLA_VRF_TABLE, u32, { min: 1, change: "at creation" }),
}), {
  constants: { of: c, prefix: "IFLA_VRF_", but: ["IFLA_VRF_PORT_"] },
  port: portSettings<VrfOptions>("vrf", () => ({
    table: number(c.IFLA_VRF_PORT_TABLE, u32, { change: "never" }),
  }), { constants: { of: c, prefix: "IFLA_VRF_PORT_" } }),
});
