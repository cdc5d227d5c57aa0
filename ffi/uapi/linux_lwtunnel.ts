// <linux/lwtunnel.h>: encapsulations of routes.

export const headers = [
  "linux/lwtunnel.h",
  "linux/mpls_iptunnel.h",
  "linux/ioam6.h",
  "linux/ioam6_iptunnel.h",
  "linux/rpl_iptunnel.h",
] as const;

export const LWTUNNEL_ENCAP_NONE = 0;
export const LWTUNNEL_ENCAP_MPLS = 1;
export const LWTUNNEL_ENCAP_IP = 2;
export const LWTUNNEL_ENCAP_ILA = 3;
export const LWTUNNEL_ENCAP_IP6 = 4;
export const LWTUNNEL_ENCAP_SEG6 = 5;
export const LWTUNNEL_ENCAP_BPF = 6;
export const LWTUNNEL_ENCAP_SEG6_LOCAL = 7;
export const LWTUNNEL_ENCAP_RPL = 8;
export const LWTUNNEL_ENCAP_IOAM6 = 9;
export const LWTUNNEL_ENCAP_XFRM = 10;

export const LWTUNNEL_IP_ID = 1;
export const LWTUNNEL_IP_DST = 2;
export const LWTUNNEL_IP_SRC = 3;
export const LWTUNNEL_IP_TTL = 4;
export const LWTUNNEL_IP_TOS = 5;
export const LWTUNNEL_IP_FLAGS = 6;

export const LWTUNNEL_IP6_ID = 1;
export const LWTUNNEL_IP6_DST = 2;
export const LWTUNNEL_IP6_SRC = 3;
export const LWTUNNEL_IP6_HOPLIMIT = 4;
export const LWTUNNEL_IP6_TC = 5;
export const LWTUNNEL_IP6_FLAGS = 6;
export const LWTUNNEL_IP6_OPTS = 8;

export const MPLS_IPTUNNEL_DST = 1;
export const MPLS_IPTUNNEL_TTL = 2;

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
