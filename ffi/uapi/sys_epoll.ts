// <sys/epoll.h>: readiness of many descriptors.

import { bytes, overlay, struct, u32 } from "../struct.ts";

export const headers = ["sys/epoll.h"] as const;

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
