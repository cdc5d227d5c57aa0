// ip link add NAME type vrf. Source: ip-link(8),
// Documentation/networking/vrf.rst.

import * as ifla from "../../../../ffi/layout/linux_if_link_kinds.ts";
import { type Kind, u32 } from "../field.ts";

export const vrf: Kind = {
  name: "vrf",
  data: [u32(ifla.IFLA_VRF_TABLE, "table")],
  port: [u32(ifla.IFLA_VRF_PORT_TABLE, "table")],
};
