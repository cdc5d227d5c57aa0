// <net/if.h> and <linux/sockios.h>: interface names, flags and the ifreq of the
// interface ioctls.

import { cstring, i16, i32, overlay, pointer, struct } from "../struct.ts";
import { sockaddr } from "./sys_socket.ts";

export const headers = [
  "net/if.h",
  "sys/ioctl.h",
  "linux/sockios.h",
] as const;

export const IF_NAMESIZE = 16;
export const IFNAMSIZ = 16;

export const IFF_UP = 0x1;
export const IFF_BROADCAST = 0x2;
export const IFF_LOOPBACK = 0x8;
export const IFF_POINTOPOINT = 0x10;
export const IFF_RUNNING = 0x40;
export const IFF_NOARP = 0x80;
export const IFF_PROMISC = 0x100;
export const IFF_ALLMULTI = 0x200;
export const IFF_MULTICAST = 0x1000;

export const SIOCGIFNAME = 0x8910;
export const SIOCGIFFLAGS = 0x8913;
export const SIOCSIFFLAGS = 0x8914;
export const SIOCGIFADDR = 0x8915;
export const SIOCGIFMTU = 0x8921;
export const SIOCSIFMTU = 0x8922;
export const SIOCGIFHWADDR = 0x8927;
export const SIOCGIFINDEX = 0x8933;
export const SIOCGIFTXQLEN = 0x8942;
export const SIOCSIFTXQLEN = 0x8943;
export const SIOCGSKNS = 0x894c;

const UNION = 16;

export const ifreq = struct("struct ifreq", {
  ifr_name: cstring(IFNAMSIZ),
  ifr_flags: overlay(UNION, i16),
  ifr_ifindex: overlay(UNION, i32),
  ifr_metric: overlay(UNION, i32),
  ifr_mtu: overlay(UNION, i32),
  ifr_qlen: overlay(UNION, i32),
  ifr_addr: overlay(UNION, sockaddr),
  ifr_hwaddr: overlay(UNION, sockaddr),
  ifr_newname: overlay(UNION, cstring(IFNAMSIZ)),
  ifr_data: overlay(UNION, pointer),
}, 40);
