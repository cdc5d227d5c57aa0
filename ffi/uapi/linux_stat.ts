// <linux/stat.h> and <fcntl.h>: the identity of a file.

import { overlay, struct, u16, u32, u64 } from "../struct.ts";

export const headers = ["linux/stat.h", "fcntl.h"] as const;

export const AT_FDCWD = -100;
export const STATX_INO = 0x100;

/** The first fields, and the number of the file's file system. */
export const statx = struct("struct statx", {
  stx_mask: u32,
  stx_blksize: u32,
  stx_attributes: u64,
  stx_nlink: u32,
  stx_uid: u32,
  stx_gid: u32,
  stx_mode: u16,
  stx_ino: u64,
  stx_size: u64,
  stx_blocks: u64,
  stx_attributes_mask: u64,
  stx_dev_major: overlay(136, u32),
  stx_dev_minor: overlay(140, u32),
}, 256);
