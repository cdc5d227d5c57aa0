// <sys/inotify.h>: watching the names in a directory, and writes of files.

import { i32, struct, u32 } from "../struct.ts";

export const headers = ["sys/inotify.h"] as const;

export const IN_CLOEXEC = 0o2000000;
export const IN_NONBLOCK = 0o4000;
export const IN_MODIFY = 0x2;
export const IN_IGNORED = 0x8000;
export const IN_CREATE = 0x100;
export const IN_DELETE = 0x200;
export const IN_MOVED_FROM = 0x40;
export const IN_MOVED_TO = 0x80;
export const IN_ONLYDIR = 0x1000000;

/** `name` follows. */
export const inotify_event = struct("struct inotify_event", {
  wd: i32,
  mask: u32,
  cookie: u32,
  len: u32,
});
