// <poll.h> and <sys/eventfd.h>: waiting and waking up.

import { i16, i32, struct } from "../struct.ts";

export const headers = ["poll.h", "sys/eventfd.h"] as const;

export const POLLIN = 0x001;
export const POLLPRI = 0x002;
export const POLLOUT = 0x004;
export const POLLERR = 0x008;
export const POLLHUP = 0x010;
export const POLLNVAL = 0x020;

export const EFD_CLOEXEC = 0o2000000;
export const EFD_NONBLOCK = 0o4000;

export const pollfd = struct("struct pollfd", {
  fd: i32,
  events: i16,
  revents: i16,
});
