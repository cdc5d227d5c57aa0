// <linux/veth.h>: the other end of a veth pair.

export const headers = ["linux/veth.h"] as const;

export const VETH_INFO_PEER = 1;
