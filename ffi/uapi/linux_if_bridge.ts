// <linux/if_bridge.h>: states and options of bridges, and the VLANs of their ports.

import { struct, u16, u32 } from "../struct.ts";

export const headers = ["netinet/in.h", "linux/if_bridge.h"] as const;

export const BR_STATE_DISABLED = 0;
export const BR_STATE_LISTENING = 1;
export const BR_STATE_LEARNING = 2;
export const BR_STATE_FORWARDING = 3;
export const BR_STATE_BLOCKING = 4;

export const BR_BOOLOPT_NO_LL_LEARN = 0;
export const BR_BOOLOPT_MCAST_VLAN_SNOOPING = 1;
export const BR_BOOLOPT_MST_ENABLE = 2;

export const IFLA_BRIDGE_FLAGS = 0;
export const IFLA_BRIDGE_MODE = 1;
export const IFLA_BRIDGE_VLAN_INFO = 2;
export const IFLA_BRIDGE_VLAN_TUNNEL_INFO = 3;

export const BRIDGE_FLAGS_MASTER = 1;
export const BRIDGE_FLAGS_SELF = 2;

export const BRIDGE_VLAN_INFO_MASTER = 1;
export const BRIDGE_VLAN_INFO_PVID = 2;
export const BRIDGE_VLAN_INFO_UNTAGGED = 4;
export const BRIDGE_VLAN_INFO_RANGE_BEGIN = 8;
export const BRIDGE_VLAN_INFO_RANGE_END = 16;
export const BRIDGE_VLAN_INFO_BRENTRY = 32;
export const BRIDGE_VLAN_INFO_ONLY_OPTS = 64;

export const br_boolopt_multi = struct("struct br_boolopt_multi", {
  optval: u32,
  optmask: u32,
});

export const bridge_vlan_info = struct("struct bridge_vlan_info", {
  flags: u16,
  vid: u16,
});
