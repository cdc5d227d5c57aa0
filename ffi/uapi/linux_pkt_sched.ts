// <linux/pkt_sched.h>: handles of queueing disciplines.

export const headers = ["linux/pkt_sched.h"] as const;

export const TC_H_ROOT = 0xffffffff;
