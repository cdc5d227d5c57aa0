// <linux/if_tun.h>: the TUN/TAP driver's flags, ioctls and packet prefix.

import { be16, struct, u16 } from "../struct.ts";

export const headers = ["linux/if_tun.h", "sys/ioctl.h"] as const;

export const IFF_TUN = 0x0001;
export const IFF_TAP = 0x0002;
export const IFF_NO_CARRIER = 0x0040;
export const IFF_MULTI_QUEUE = 0x0100;
export const IFF_ATTACH_QUEUE = 0x0200;
export const IFF_DETACH_QUEUE = 0x0400;
export const IFF_PERSIST = 0x0800;
export const IFF_NO_PI = 0x1000;
export const IFF_VNET_HDR = 0x4000;
export const IFF_TUN_EXCL = 0x8000;

export const TUNSETIFF = 0x400454ca;
export const TUNSETPERSIST = 0x400454cb;
export const TUNSETOWNER = 0x400454cc;
export const TUNSETGROUP = 0x400454ce;
export const TUNSETOFFLOAD = 0x400454d0;
export const TUNGETIFF = 0x800454d2;
export const TUNGETVNETHDRSZ = 0x800454d7;
export const TUNSETVNETHDRSZ = 0x400454d8;
export const TUNSETQUEUE = 0x400454d9;
export const TUNSETCARRIER = 0x400454e2;
export const TUNGETDEVNETNS = 0x54e3;

export const TUN_F_CSUM = 0x01;
export const TUN_F_TSO4 = 0x02;
export const TUN_F_TSO6 = 0x04;
export const TUN_F_TSO_ECN = 0x08;

/** Newer than the oldest header this is built against (Linux 6.1). */
export const newer = {
  TUN_F_USO4: 0x20,
  TUN_F_USO6: 0x40,
} as const;

export const tun_pi = struct("struct tun_pi", {
  flags: u16,
  proto: be16,
});
