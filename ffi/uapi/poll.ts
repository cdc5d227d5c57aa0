// <poll.h>, <sys/epoll.h> and <sys/eventfd.h>: waiting and waking up.

import { bytes, i16, i32, overlay, struct, u32 } from "../struct.ts";

export const headers = ["poll.h", "sys/epoll.h", "sys/eventfd.h"] as const;

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

export const EPOLL_CTL_ADD = 1;
export const EPOLL_CTL_DEL = 2;
export const EPOLL_CTL_MOD = 3;
export const EPOLL_CLOEXEC = 0o2000000;
export const EPOLLIN = 0x001;
export const EPOLLPRI = 0x002;
export const EPOLLOUT = 0x004;
export const EPOLLERR = 0x008;
export const EPOLLHUP = 0x010;
export const EPOLLET = 0x80000000;

function layout(data: number, size: number) {
  return struct("struct epoll_event", {
    events: u32,
    data: overlay(data, bytes(8)),
  }, size);
}

/** What differs from machine to machine: the struct is packed on x86_64 alone. */
export const machines = {
  x86_64: { epoll_event: layout(4, 12) },
  aarch64: { epoll_event: layout(8, 16) },
} as const;

/** struct epoll_event of this machine. */
export function epollEvent(): ReturnType<typeof layout> {
  return machines[Deno.build.arch].epoll_event;
}
