// <linux/seg6_iptunnel.h>, <linux/seg6_local.h>: segment routing over IPv6.

import { struct, u16, u8 } from "../struct.ts";

export const headers = [
  "linux/seg6.h",
  "linux/seg6_iptunnel.h",
  "linux/seg6_local.h",
] as const;

/** In front of the segments, the last of which comes first. */
export const ipv6_sr_hdr = struct("struct ipv6_sr_hdr", {
  nexthdr: u8,
  hdrlen: u8,
  type: u8,
  segments_left: u8,
  first_segment: u8,
  flags: u8,
  tag: u16,
});

export const SEG6_IPTUNNEL_SRH = 1;

export const SEG6_LOCAL_ACTION = 1;
export const SEG6_LOCAL_SRH = 2;
export const SEG6_LOCAL_TABLE = 3;
export const SEG6_LOCAL_NH4 = 4;
export const SEG6_LOCAL_NH6 = 5;
export const SEG6_LOCAL_IIF = 6;
export const SEG6_LOCAL_OIF = 7;
export const SEG6_LOCAL_BPF = 8;
export const SEG6_LOCAL_VRFTABLE = 9;
export const SEG6_LOCAL_COUNTERS = 10;
export const SEG6_LOCAL_FLAVORS = 11;

export const SEG6_LOCAL_ACTION_END = 1;
export const SEG6_LOCAL_ACTION_END_X = 2;
export const SEG6_LOCAL_ACTION_END_T = 3;
export const SEG6_LOCAL_ACTION_END_DX2 = 4;
export const SEG6_LOCAL_ACTION_END_DX6 = 5;
export const SEG6_LOCAL_ACTION_END_DX4 = 6;
export const SEG6_LOCAL_ACTION_END_DT6 = 7;
export const SEG6_LOCAL_ACTION_END_DT4 = 8;
export const SEG6_LOCAL_ACTION_END_B6 = 9;
export const SEG6_LOCAL_ACTION_END_B6_ENCAP = 10;
export const SEG6_LOCAL_ACTION_END_BM = 11;
export const SEG6_LOCAL_ACTION_END_S = 12;
export const SEG6_LOCAL_ACTION_END_AS = 13;
export const SEG6_LOCAL_ACTION_END_AM = 14;
export const SEG6_LOCAL_ACTION_END_BPF = 15;
export const SEG6_LOCAL_ACTION_END_DT46 = 16;

export const SEG6_LOCAL_CNT_PACKETS = 2;
export const SEG6_LOCAL_CNT_BYTES = 3;
export const SEG6_LOCAL_CNT_ERRORS = 4;

export const SEG6_LOCAL_FLV_OPERATION = 1;
export const SEG6_LOCAL_FLV_LCBLOCK_BITS = 2;
export const SEG6_LOCAL_FLV_LCNODE_FN_BITS = 3;

export const SEG6_LOCAL_FLV_OP_PSP = 1;
export const SEG6_LOCAL_FLV_OP_USP = 2;
export const SEG6_LOCAL_FLV_OP_USD = 3;
export const SEG6_LOCAL_FLV_OP_NEXT_CSID = 4;

export const newer = {
  SEG6_IPTUNNEL_SRC: 2,
} as const;
