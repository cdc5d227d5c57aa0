// <linux/filter.h>: classic BPF programs on sockets.

import { pointer, struct, u16, u32, u8 } from "../struct.ts";

export const headers = ["linux/filter.h"] as const;

export const sock_filter = struct("struct sock_filter", {
  code: u16,
  jt: u8,
  jf: u8,
  k: u32,
});

export const sock_fprog = struct("struct sock_fprog", {
  len: u16,
  filter: pointer,
});
