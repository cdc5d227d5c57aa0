// <linux/ioam6_iptunnel.h>, <linux/rpl_iptunnel.h>: traces of IOAM and source
// routes of RPL as encapsulations.

export const headers = [
  "linux/ioam6.h",
  "linux/ioam6_iptunnel.h",
  "linux/rpl_iptunnel.h",
] as const;

export const IOAM6_IPTUNNEL_MODE = 1;
export const IOAM6_IPTUNNEL_DST = 2;
export const IOAM6_IPTUNNEL_TRACE = 3;
export const IOAM6_IPTUNNEL_FREQ_K = 4;
export const IOAM6_IPTUNNEL_FREQ_N = 5;

export const IOAM6_IPTUNNEL_MODE_INLINE = 1;
export const IOAM6_IPTUNNEL_MODE_ENCAP = 2;
export const IOAM6_IPTUNNEL_MODE_AUTO = 3;

export const IOAM6_IPTUNNEL_FREQ_MAX = 1000000;
export const IOAM6_TRACE_DATA_SIZE_MAX = 244;

export const RPL_IPTUNNEL_SRH = 1;

export const newer = {
  IOAM6_IPTUNNEL_SRC: 6,
} as const;
