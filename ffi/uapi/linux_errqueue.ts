// <linux/errqueue.h> and <linux/net_tstamp.h>: what a socket's error queue holds,
// and time stamps of packets.

import { bytes, i32, struct, u32, u8 } from "../struct.ts";

export const headers = [
  "time.h",
  "linux/errqueue.h",
  "linux/net_tstamp.h",
] as const;

export const SO_EE_ORIGIN_NONE = 0;
export const SO_EE_ORIGIN_LOCAL = 1;
export const SO_EE_ORIGIN_ICMP = 2;
export const SO_EE_ORIGIN_ICMP6 = 3;
export const SO_EE_ORIGIN_TIMESTAMPING = 4;
export const SO_EE_ORIGIN_TXTIME = 6;

export const SO_EE_CODE_TXTIME_INVALID_PARAM = 1;
export const SO_EE_CODE_TXTIME_MISSED = 2;

export const SCM_TSTAMP_SND = 0;
export const SCM_TSTAMP_SCHED = 1;

export const sock_extended_err = struct("struct sock_extended_err", {
  ee_errno: u32,
  ee_origin: u8,
  ee_type: u8,
  ee_code: u8,
  ee_pad: u8,
  ee_info: u32,
  ee_data: u32,
});

/** Three of struct timespec: software, deprecated, hardware. */
export const scm_timestamping = struct("struct scm_timestamping", {
  ts: bytes(48, 8),
});

export const SOF_TIMESTAMPING_TX_HARDWARE = 1 << 0;
export const SOF_TIMESTAMPING_TX_SOFTWARE = 1 << 1;
export const SOF_TIMESTAMPING_RX_HARDWARE = 1 << 2;
export const SOF_TIMESTAMPING_RX_SOFTWARE = 1 << 3;
export const SOF_TIMESTAMPING_SOFTWARE = 1 << 4;
export const SOF_TIMESTAMPING_RAW_HARDWARE = 1 << 6;
export const SOF_TIMESTAMPING_OPT_ID = 1 << 7;
export const SOF_TIMESTAMPING_TX_SCHED = 1 << 8;
export const SOF_TIMESTAMPING_OPT_TSONLY = 1 << 11;
export const SOF_TIMESTAMPING_OPT_TX_SWHW = 1 << 14;

export const SOF_TXTIME_DEADLINE_MODE = 1 << 0;
export const SOF_TXTIME_REPORT_ERRORS = 1 << 1;

export const sock_txtime = struct("struct sock_txtime", {
  clockid: i32,
  flags: u32,
});
