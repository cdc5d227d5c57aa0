// <linux/snmp.h>: indexes of the counters of IPv6. From Linux 6.15 on, some have
// others: the kernel does not keep them stable.

export const headers = ["linux/snmp.h"] as const;

export const IPSTATS_MIB_INPKTS = 1;
export const IPSTATS_MIB_INOCTETS = 2;
export const IPSTATS_MIB_OUTPKTS = 5;
export const IPSTATS_MIB_OUTOCTETS = 6;
export const IPSTATS_MIB_INDISCARDS = 13;
export const IPSTATS_MIB_OUTDISCARDS = 14;
export const IPSTATS_MIB_INMCASTPKTS = 23;
export const IPSTATS_MIB_CSUMERRORS = 31;
