// <linux/can/vxcan.h>: pairs of virtual CAN buses.

export const headers = ["linux/can/vxcan.h"] as const;

export const VXCAN_INFO_PEER = 1;
