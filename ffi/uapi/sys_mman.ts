// <sys/mman.h>: memory that outlives an isolate.

export const headers = ["sys/mman.h"] as const;

export const PROT_READ = 1;
export const PROT_WRITE = 2;
export const MAP_SHARED = 1;
export const MFD_CLOEXEC = 1;
