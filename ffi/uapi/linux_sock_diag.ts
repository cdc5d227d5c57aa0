// <linux/sock_diag.h>: indexes into the array of u32 of SO_MEMINFO.

export const headers = ["linux/sock_diag.h"] as const;

export const SK_MEMINFO_RMEM_ALLOC = 0;
export const SK_MEMINFO_DROPS = 8;
export const SK_MEMINFO_VARS = 9;
