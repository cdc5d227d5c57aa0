// <linux/fib_rules.h>: routing policy rules.

import { overlay, struct, u16, u32, u8 } from "../struct.ts";

export const headers = ["linux/fib_rules.h"] as const;

export const FRA_DST = 1;
export const FRA_SRC = 2;
export const FRA_IIFNAME = 3;
export const FRA_GOTO = 4;
export const FRA_PRIORITY = 6;
export const FRA_FWMARK = 10;
export const FRA_FLOW = 11;
export const FRA_TUN_ID = 12;
export const FRA_SUPPRESS_IFGROUP = 13;
export const FRA_SUPPRESS_PREFIXLEN = 14;
export const FRA_TABLE = 15;
export const FRA_FWMASK = 16;
export const FRA_OIFNAME = 17;
export const FRA_L3MDEV = 19;
export const FRA_UID_RANGE = 20;
export const FRA_PROTOCOL = 21;
export const FRA_IP_PROTO = 22;
export const FRA_SPORT_RANGE = 23;
export const FRA_DPORT_RANGE = 24;

/** Constants that only newer headers have. */
export const newer = {
  FRA_DSCP: 25,
  FRA_FLOWLABEL: 26,
  FRA_FLOWLABEL_MASK: 27,
  FRA_SPORT_MASK: 28,
  FRA_DPORT_MASK: 29,
  FRA_DSCP_MASK: 30,
} as const;

export const FR_ACT_UNSPEC = 0;
export const FR_ACT_TO_TBL = 1;
export const FR_ACT_GOTO = 2;
export const FR_ACT_NOP = 3;
export const FR_ACT_BLACKHOLE = 6;
export const FR_ACT_UNREACHABLE = 7;
export const FR_ACT_PROHIBIT = 8;

export const FIB_RULE_PERMANENT = 0x1;
export const FIB_RULE_INVERT = 0x2;
export const FIB_RULE_UNRESOLVED = 0x4;
export const FIB_RULE_IIF_DETACHED = 0x8;
export const FIB_RULE_OIF_DETACHED = 0x10;
export const FIB_RULE_FIND_SADDR = 0x10000;

export const fib_rule_hdr = struct("struct fib_rule_hdr", {
  family: u8,
  dst_len: u8,
  src_len: u8,
  tos: u8,
  table: u8,
  action: overlay(7, u8),
  flags: u32,
});

export const fib_rule_uid_range = struct("struct fib_rule_uid_range", {
  start: u32,
  end: u32,
});

export const fib_rule_port_range = struct("struct fib_rule_port_range", {
  start: u16,
  end: u16,
});
