// <linux/if_bridge.h>: states and options of bridges, the VLANs of their ports, and
// their multicast groups.

import { bytes, struct, u16, u32, u8 } from "../struct.ts";

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

export const BRIDGE_VLANDB_DUMP_FLAGS = 1;
export const BRIDGE_VLANDB_DUMPF_STATS = 1;
export const BRIDGE_VLANDB_ENTRY = 1;
export const BRIDGE_VLANDB_ENTRY_INFO = 1;
export const BRIDGE_VLANDB_ENTRY_RANGE = 2;
export const BRIDGE_VLANDB_ENTRY_STATE = 3;
export const BRIDGE_VLANDB_ENTRY_TUNNEL_INFO = 4;
export const BRIDGE_VLANDB_ENTRY_STATS = 5;
export const BRIDGE_VLANDB_ENTRY_MCAST_ROUTER = 6;
export const BRIDGE_VLANDB_TINFO_ID = 1;
export const BRIDGE_VLANDB_STATS_RX_BYTES = 1;
export const BRIDGE_VLANDB_STATS_RX_PACKETS = 2;
export const BRIDGE_VLANDB_STATS_TX_BYTES = 3;
export const BRIDGE_VLANDB_STATS_TX_PACKETS = 4;

export const br_vlan_msg = struct("struct br_vlan_msg", {
  family: u8,
  reserved1: u8,
  reserved2: u16,
  ifindex: u32,
});

export const MDBA_MDB = 1;
export const MDBA_ROUTER = 2;
export const MDBA_MDB_ENTRY = 1;
export const MDBA_MDB_ENTRY_INFO = 1;
export const MDBA_MDB_EATTR_TIMER = 1;
export const MDBA_MDB_EATTR_SRC_LIST = 2;
export const MDBA_MDB_EATTR_GROUP_MODE = 3;
export const MDBA_MDB_EATTR_SOURCE = 4;
export const MDBA_MDB_EATTR_RTPROT = 5;
export const MDBA_MDB_SRCLIST_ENTRY = 1;
export const MDBA_MDB_SRCATTR_ADDRESS = 1;
export const MDBA_MDB_SRCATTR_TIMER = 2;
export const MDBA_ROUTER_PORT = 1;
export const MDBA_ROUTER_PATTR_TIMER = 1;
export const MDBA_ROUTER_PATTR_TYPE = 2;
export const MDB_RTR_TYPE_TEMP_QUERY = 1;
export const MDB_RTR_TYPE_PERM = 2;
export const MDB_RTR_TYPE_TEMP = 3;
export const MDBA_SET_ENTRY = 1;
export const MDBA_SET_ENTRY_ATTRS = 2;
export const MDBE_ATTR_SOURCE = 1;

export const MDB_TEMPORARY = 0;
export const MDB_PERMANENT = 1;
export const MDB_FLAGS_OFFLOAD = 1;
export const MDB_FLAGS_FAST_LEAVE = 2;
export const MDB_FLAGS_STAR_EXCL = 4;
export const MDB_FLAGS_BLOCKED = 8;

export const br_port_msg = struct("struct br_port_msg", {
  family: u8,
  ifindex: u32,
});

export const br_mdb_entry = struct("struct br_mdb_entry", {
  ifindex: u32,
  state: u8,
  flags: u8,
  vid: u16,
  /** A union of the addresses, and at 16 the protocol as __be16. */
  addr: bytes(20, 4),
});

/** Constants that only newer headers have. */
export const newer = {
  BRIDGE_VLANDB_ENTRY_MCAST_N_GROUPS: 7,
  BRIDGE_VLANDB_ENTRY_MCAST_MAX_GROUPS: 8,
  BRIDGE_VLANDB_ENTRY_NEIGH_SUPPRESS: 9,
  BRIDGE_VLANDB_ENTRY_NEIGH_FORWARD_GRAT: 10,
  MDBA_MDB_EATTR_DST: 6,
  MDBA_MDB_EATTR_DST_PORT: 7,
  MDBA_MDB_EATTR_VNI: 8,
  MDBA_MDB_EATTR_IFINDEX: 9,
  MDBA_MDB_EATTR_SRC_VNI: 10,
  MDBE_ATTR_SRC_LIST: 2,
  MDBE_ATTR_GROUP_MODE: 3,
  MDBE_ATTR_RTPROT: 4,
  MDBE_ATTR_DST: 5,
  MDBE_ATTR_DST_PORT: 6,
  MDBE_ATTR_VNI: 7,
  MDBE_ATTR_IFINDEX: 8,
  MDBE_ATTR_SRC_VNI: 9,
  MDBE_SRC_LIST_ENTRY: 1,
  MDBE_SRCATTR_ADDRESS: 1,
  MDB_FLAGS_OFFLOAD_FAILED: 16,
} as const;
