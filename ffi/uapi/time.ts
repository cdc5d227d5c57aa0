// <time.h>: clocks.

export const headers = ["time.h"] as const;

export const CLOCK_REALTIME = 0;
export const CLOCK_MONOTONIC = 1;
export const CLOCK_THREAD_CPUTIME_ID = 3;
export const CLOCK_TAI = 11;
