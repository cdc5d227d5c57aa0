// <linux/if_vlan.h>: flags of VLAN links.

export const headers = ["linux/if_vlan.h"] as const;

export const VLAN_FLAG_REORDER_HDR = 1;
export const VLAN_FLAG_GVRP = 2;
export const VLAN_FLAG_LOOSE_BINDING = 4;
export const VLAN_FLAG_MVRP = 8;
export const VLAN_FLAG_BRIDGE_BINDING = 16;
