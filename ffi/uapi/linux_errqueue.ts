// <linux/errqueue.h>: what a socket's error queue holds.

import { struct, u32, u8 } from "../struct.ts";

export const headers = ["time.h", "linux/errqueue.h"] as const;

export const SO_EE_ORIGIN_NONE = 0;
export const SO_EE_ORIGIN_LOCAL = 1;
export const SO_EE_ORIGIN_ICMP = 2;
export const SO_EE_ORIGIN_ICMP6 = 3;

export const sock_extended_err = struct("struct sock_extended_err", {
  ee_errno: u32,
  ee_origin: u8,
  ee_type: u8,
  ee_code: u8,
  ee_pad: u8,
  ee_info: u32,
  ee_data: u32,
});
