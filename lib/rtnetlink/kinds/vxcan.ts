// Pairs of virtual CAN buses. Source: ip-link(8), linux/can/vxcan.h.

import * as vxcan_h from "../../../ffi/uapi/linux_can_vxcan.ts";
import type { LinkKind } from "./kind.ts";
import { pairKind, type VethOptions } from "./veth.ts";

export const vxcan: LinkKind<VethOptions> = pairKind(
  "vxcan",
  vxcan_h.VXCAN_INFO_PEER,
  { of: vxcan_h, prefix: "VXCAN_INFO_" },
);
