// <fcntl.h>, <sched.h>, <sys/file.h>, <sys/mman.h> and <sys/mount.h>: opening and
// mapping files, entering namespaces and giving them names.

export const headers = [
  "fcntl.h",
  "sched.h",
  "sys/file.h",
  "sys/mman.h",
  "sys/mount.h",
] as const;

export const O_RDONLY = 0;
export const O_WRONLY = 1;
export const O_RDWR = 2;
export const O_CREAT = 0o100;
export const O_EXCL = 0o200;
export const O_NONBLOCK = 0o4000;
export const O_CLOEXEC = 0o2000000;
export const F_SETFD = 2;
export const F_GETFL = 3;
export const F_SETFL = 4;
export const FD_CLOEXEC = 1;
export const F_DUPFD_CLOEXEC = 1030;
export const CLONE_NEWNS = 0x00020000;
export const CLONE_NEWNET = 0x40000000;
export const LOCK_EX = 2;
export const MNT_DETACH = 2;
export const MS_REC = 16384;
export const MS_BIND = 4096;
export const MS_SHARED = 1 << 20;
export const MS_SLAVE = 1 << 19;

export const PROT_READ = 1;
export const PROT_WRITE = 2;
export const MAP_SHARED = 1;
export const MFD_CLOEXEC = 1;
