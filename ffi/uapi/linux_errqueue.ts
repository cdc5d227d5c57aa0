// <linux/errqueue.h>: what a socket's error queue holds.

import { bytes, struct, u32, u8 } from "../struct.ts";

export const headers = ["time.h", "linux/errqueue.h"] as const;

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
