// <linux/veth.h>: the peer of a veth.

export const headers = ["linux/veth.h"] as const;

export const VETH_INFO_PEER = 1;
