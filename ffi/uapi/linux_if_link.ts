// <linux/if_link.h>: the attributes of a link itself and what is nested in them.
// Those of its kind (bridge, vxlan ...) are in linux_if_link_kinds.ts.

import { be16, bytes, struct, u32, u64, u8 } from "../struct.ts";

export const headers = ["linux/if_link.h"] as const;

export const IFLA_ADDRESS = 1;
export const IFLA_BROADCAST = 2;
export const IFLA_IFNAME = 3;
export const IFLA_MTU = 4;
export const IFLA_LINK = 5;
export const IFLA_QDISC = 6;
export const IFLA_STATS = 7;
export const IFLA_COST = 8;
export const IFLA_PRIORITY = 9;
export const IFLA_MASTER = 10;
export const IFLA_WIRELESS = 11;
export const IFLA_PROTINFO = 12;
export const IFLA_TXQLEN = 13;
export const IFLA_MAP = 14;
export const IFLA_WEIGHT = 15;
export const IFLA_OPERSTATE = 16;
export const IFLA_LINKMODE = 17;
export const IFLA_LINKINFO = 18;
export const IFLA_NET_NS_PID = 19;
export const IFLA_IFALIAS = 20;
export const IFLA_NUM_VF = 21;
export const IFLA_VFINFO_LIST = 22;
export const IFLA_STATS64 = 23;
export const IFLA_VF_PORTS = 24;
export const IFLA_PORT_SELF = 25;
export const IFLA_AF_SPEC = 26;
export const IFLA_GROUP = 27;
export const IFLA_NET_NS_FD = 28;
export const IFLA_EXT_MASK = 29;
export const IFLA_PROMISCUITY = 30;
export const IFLA_NUM_TX_QUEUES = 31;
export const IFLA_NUM_RX_QUEUES = 32;
export const IFLA_CARRIER = 33;
export const IFLA_PHYS_PORT_ID = 34;
export const IFLA_CARRIER_CHANGES = 35;
export const IFLA_PHYS_SWITCH_ID = 36;
export const IFLA_LINK_NETNSID = 37;
export const IFLA_PHYS_PORT_NAME = 38;
export const IFLA_PROTO_DOWN = 39;
export const IFLA_GSO_MAX_SEGS = 40;
export const IFLA_GSO_MAX_SIZE = 41;
export const IFLA_XDP = 43;
export const IFLA_EVENT = 44;
export const IFLA_NEW_NETNSID = 45;
export const IFLA_IF_NETNSID = 46;
export const IFLA_TARGET_NETNSID = 46;
export const IFLA_CARRIER_UP_COUNT = 47;
export const IFLA_CARRIER_DOWN_COUNT = 48;
export const IFLA_NEW_IFINDEX = 49;
export const IFLA_MIN_MTU = 50;
export const IFLA_MAX_MTU = 51;
export const IFLA_PROP_LIST = 52;
export const IFLA_ALT_IFNAME = 53;
export const IFLA_PERM_ADDRESS = 54;
export const IFLA_PROTO_DOWN_REASON = 55;
export const IFLA_PARENT_DEV_NAME = 56;
export const IFLA_PARENT_DEV_BUS_NAME = 57;
export const IFLA_GRO_MAX_SIZE = 58;
export const IFLA_TSO_MAX_SIZE = 59;
export const IFLA_TSO_MAX_SEGS = 60;
export const IFLA_ALLMULTI = 61;

export const IFLA_PROTO_DOWN_REASON_MASK = 1;
export const IFLA_PROTO_DOWN_REASON_VALUE = 2;

export const IFLA_INET_CONF = 1;

export const IFLA_INET6_FLAGS = 1;
export const IFLA_INET6_CONF = 2;
export const IFLA_INET6_STATS = 3;
export const IFLA_INET6_MCAST = 4;
export const IFLA_INET6_CACHEINFO = 5;
export const IFLA_INET6_ICMP6STATS = 6;
export const IFLA_INET6_TOKEN = 7;
export const IFLA_INET6_ADDR_GEN_MODE = 8;
export const IFLA_INET6_RA_MTU = 9;

export const IN6_ADDR_GEN_MODE_EUI64 = 0;
export const IN6_ADDR_GEN_MODE_NONE = 1;
export const IN6_ADDR_GEN_MODE_STABLE_PRIVACY = 2;
export const IN6_ADDR_GEN_MODE_RANDOM = 3;

export const IFLA_INFO_KIND = 1;
export const IFLA_INFO_DATA = 2;
export const IFLA_INFO_XSTATS = 3;
export const IFLA_INFO_SLAVE_KIND = 4;
export const IFLA_INFO_SLAVE_DATA = 5;

export const IFLA_VF_INFO = 1;

export const IFLA_VF_MAC = 1;
export const IFLA_VF_VLAN = 2;
export const IFLA_VF_TX_RATE = 3;
export const IFLA_VF_SPOOFCHK = 4;
export const IFLA_VF_LINK_STATE = 5;
export const IFLA_VF_RATE = 6;
export const IFLA_VF_RSS_QUERY_EN = 7;
export const IFLA_VF_STATS = 8;
export const IFLA_VF_TRUST = 9;
export const IFLA_VF_IB_NODE_GUID = 10;
export const IFLA_VF_IB_PORT_GUID = 11;
export const IFLA_VF_VLAN_LIST = 12;
export const IFLA_VF_BROADCAST = 13;

export const IFLA_VF_VLAN_INFO = 1;

export const IFLA_VF_LINK_STATE_AUTO = 0;
export const IFLA_VF_LINK_STATE_ENABLE = 1;
export const IFLA_VF_LINK_STATE_DISABLE = 2;

export const IFLA_VF_STATS_RX_PACKETS = 0;
export const IFLA_VF_STATS_TX_PACKETS = 1;
export const IFLA_VF_STATS_RX_BYTES = 2;
export const IFLA_VF_STATS_TX_BYTES = 3;
export const IFLA_VF_STATS_BROADCAST = 4;
export const IFLA_VF_STATS_MULTICAST = 5;
export const IFLA_VF_STATS_RX_DROPPED = 7;
export const IFLA_VF_STATS_TX_DROPPED = 8;

export const XDP_ATTACHED_NONE = 0;
export const XDP_ATTACHED_DRV = 1;
export const XDP_ATTACHED_SKB = 2;
export const XDP_ATTACHED_HW = 3;
export const XDP_ATTACHED_MULTI = 4;

export const IFLA_XDP_FD = 1;
export const IFLA_XDP_ATTACHED = 2;
export const IFLA_XDP_FLAGS = 3;
export const IFLA_XDP_PROG_ID = 4;
export const IFLA_XDP_DRV_PROG_ID = 5;
export const IFLA_XDP_SKB_PROG_ID = 6;
export const IFLA_XDP_HW_PROG_ID = 7;
export const IFLA_XDP_EXPECTED_FD = 8;

export const IFLA_EVENT_NONE = 0;
export const IFLA_EVENT_REBOOT = 1;
export const IFLA_EVENT_FEATURES = 2;
export const IFLA_EVENT_BONDING_FAILOVER = 3;
export const IFLA_EVENT_NOTIFY_PEERS = 4;
export const IFLA_EVENT_IGMP_RESEND = 5;
export const IFLA_EVENT_BONDING_OPTIONS = 6;

export const IFLA_STATS_LINK_64 = 1;

export const if_stats_msg = struct("struct if_stats_msg", {
  family: u8,
  ifindex: u32,
  filter_mask: u32,
});

export const rtnl_link_stats64 = struct("struct rtnl_link_stats64", {
  rx_packets: u64,
  tx_packets: u64,
  rx_bytes: u64,
  tx_bytes: u64,
  rx_errors: u64,
  tx_errors: u64,
  rx_dropped: u64,
  tx_dropped: u64,
  multicast: u64,
  collisions: u64,
  rx_length_errors: u64,
  rx_over_errors: u64,
  rx_crc_errors: u64,
  rx_frame_errors: u64,
  rx_fifo_errors: u64,
  rx_missed_errors: u64,
  tx_aborted_errors: u64,
  tx_carrier_errors: u64,
  tx_fifo_errors: u64,
  tx_heartbeat_errors: u64,
  tx_window_errors: u64,
  rx_compressed: u64,
  tx_compressed: u64,
  rx_nohandler: u64,
  rx_otherhost_dropped: u64,
});

export const rtnl_link_stats = struct("struct rtnl_link_stats", {
  rx_packets: u32,
  tx_packets: u32,
  rx_bytes: u32,
  tx_bytes: u32,
  rx_errors: u32,
  tx_errors: u32,
  rx_dropped: u32,
  tx_dropped: u32,
  multicast: u32,
  collisions: u32,
  rx_length_errors: u32,
  rx_over_errors: u32,
  rx_crc_errors: u32,
  rx_frame_errors: u32,
  rx_fifo_errors: u32,
  rx_missed_errors: u32,
  tx_aborted_errors: u32,
  tx_carrier_errors: u32,
  tx_fifo_errors: u32,
  tx_heartbeat_errors: u32,
  tx_window_errors: u32,
  rx_compressed: u32,
  tx_compressed: u32,
  rx_nohandler: u32,
});

export const ifla_vf_mac = struct("struct ifla_vf_mac", {
  vf: u32,
  mac: bytes(32),
});

export const ifla_vf_vlan = struct("struct ifla_vf_vlan", {
  vf: u32,
  vlan: u32,
  qos: u32,
});

export const ifla_vf_vlan_info = struct("struct ifla_vf_vlan_info", {
  vf: u32,
  vlan: u32,
  qos: u32,
  vlan_proto: be16,
});

export const ifla_vf_tx_rate = struct("struct ifla_vf_tx_rate", {
  vf: u32,
  rate: u32,
});

export const ifla_vf_rate = struct("struct ifla_vf_rate", {
  vf: u32,
  min_tx_rate: u32,
  max_tx_rate: u32,
});

export const ifla_vf_spoofchk = struct("struct ifla_vf_spoofchk", {
  vf: u32,
  setting: u32,
});

export const ifla_vf_guid = struct("struct ifla_vf_guid", {
  vf: u32,
  guid: u64,
});

export const ifla_vf_link_state = struct("struct ifla_vf_link_state", {
  vf: u32,
  link_state: u32,
});

export const ifla_vf_rss_query_en = struct("struct ifla_vf_rss_query_en", {
  vf: u32,
  setting: u32,
});

export const ifla_vf_trust = struct("struct ifla_vf_trust", {
  vf: u32,
  setting: u32,
});
