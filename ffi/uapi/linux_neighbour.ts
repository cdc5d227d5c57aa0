// <linux/neighbour.h>: neighbours.

import { i32, overlay, struct, u16, u32, u8 } from "../struct.ts";

export const headers = ["linux/neighbour.h"] as const;

export const NDA_DST = 1;
export const NDA_LLADDR = 2;
export const NDA_CACHEINFO = 3;
export const NDA_PROBES = 4;
export const NDA_VLAN = 5;
export const NDA_PORT = 6;
export const NDA_VNI = 7;
export const NDA_IFINDEX = 8;
export const NDA_MASTER = 9;
export const NDA_LINK_NETNSID = 10;
export const NDA_SRC_VNI = 11;
export const NDA_PROTOCOL = 12;
export const NDA_NH_ID = 13;
export const NDA_FDB_EXT_ATTRS = 14;
export const NDA_FLAGS_EXT = 15;
export const NDA_NDM_STATE_MASK = 16;
export const NDA_NDM_FLAGS_MASK = 17;

export const NTF_USE = 0x1;
export const NTF_SELF = 0x2;
export const NTF_MASTER = 0x4;
export const NTF_PROXY = 0x8;
export const NTF_EXT_LEARNED = 0x10;
export const NTF_OFFLOADED = 0x20;
export const NTF_STICKY = 0x40;
export const NTF_ROUTER = 0x80;
export const NTF_EXT_MANAGED = 0x1;

/** Constants that only newer headers have. */
export const newer = {
  NTF_EXT_LOCKED: 0x2,
} as const;

export const NUD_INCOMPLETE = 0x1;
export const NUD_REACHABLE = 0x2;
export const NUD_STALE = 0x4;
export const NUD_DELAY = 0x8;
export const NUD_PROBE = 0x10;
export const NUD_FAILED = 0x20;
export const NUD_NOARP = 0x40;
export const NUD_PERMANENT = 0x80;
export const NUD_NONE = 0x0;

export const ndmsg = struct("struct ndmsg", {
  ndm_family: u8,
  ndm_ifindex: overlay(4, i32),
  ndm_state: u16,
  ndm_flags: u8,
  ndm_type: u8,
});

export const nda_cacheinfo = struct("struct nda_cacheinfo", {
  ndm_confirmed: u32,
  ndm_used: u32,
  ndm_updated: u32,
  ndm_refcnt: u32,
});
