// <linux/net_tstamp.h>: time stamps of packets, and times to send them at.

import { i32, struct, u32 } from "../struct.ts";

export const headers = ["linux/net_tstamp.h"] as const;

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
