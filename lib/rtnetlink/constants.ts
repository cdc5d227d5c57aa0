// Kernel constants with their C names.

import * as link from "../../ffi/uapi/linux_if.ts";
import * as ifa from "../../ffi/uapi/linux_if_addr.ts";
import * as nd from "../../ffi/uapi/linux_neighbour.ts";
import * as rt from "../../ffi/uapi/linux_rtnetlink.ts";
import * as net from "../../ffi/uapi/net_if.ts";

/**
 * Flags of a link, `link.flags`: IFF_* without the prefix.
 *
 * Source: linux/if.h, netdevice(7).
 *
 * @example
 * ```ts
 * import { IFF, RouteSocket } from "@netplumb/netplumb";
 *
 * await using route = RouteSocket.open();
 * const up = (await route.links()).filter(({ flags }) => flags & IFF.UP);
 * console.log(up.map(({ name }) => name));
 * ```
 */
export const IFF = {
  UP: net.IFF_UP,
  BROADCAST: net.IFF_BROADCAST,
  LOOPBACK: net.IFF_LOOPBACK,
  POINTOPOINT: net.IFF_POINTOPOINT,
  RUNNING: net.IFF_RUNNING,
  NOARP: net.IFF_NOARP,
  PROMISC: net.IFF_PROMISC,
  ALLMULTI: net.IFF_ALLMULTI,
  MULTICAST: net.IFF_MULTICAST,
  DEBUG: link.IFF_DEBUG,
  NOTRAILERS: link.IFF_NOTRAILERS,
  MASTER: link.IFF_MASTER,
  SLAVE: link.IFF_SLAVE,
  PORTSEL: link.IFF_PORTSEL,
  AUTOMEDIA: link.IFF_AUTOMEDIA,
  DYNAMIC: link.IFF_DYNAMIC,
  LOWER_UP: link.IFF_LOWER_UP,
  DORMANT: link.IFF_DORMANT,
  ECHO: link.IFF_ECHO,
} as const;

/**
 * Operational states of a link, `link.operstate`: IF_OPER_* without the prefix.
 *
 * Source: linux/if.h, RFC 2863.
 *
 * @example
 * ```ts
 * import { IF_OPER, RouteSocket } from "@netplumb/netplumb";
 *
 * await using route = RouteSocket.open();
 * const links = await route.links();
 * console.log(links.filter(({ operstate }) => operstate === IF_OPER.UP).length);
 * ```
 */
export const IF_OPER = {
  UNKNOWN: link.IF_OPER_UNKNOWN,
  NOTPRESENT: link.IF_OPER_NOTPRESENT,
  DOWN: link.IF_OPER_DOWN,
  LOWERLAYERDOWN: link.IF_OPER_LOWERLAYERDOWN,
  TESTING: link.IF_OPER_TESTING,
  DORMANT: link.IF_OPER_DORMANT,
  UP: link.IF_OPER_UP,
} as const;

/**
 * Flags of an address, `address.flags`: IFA_F_* without the prefix.
 *
 * Source: linux/if_addr.h.
 *
 * @example
 * ```ts
 * import { IFA_F, RouteSocket } from "@netplumb/netplumb";
 *
 * await using route = RouteSocket.open();
 * for (const { address, flags } of await route.addresses()) {
 *   if (flags & IFA_F.TENTATIVE) console.log(address, "is tentative");
 * }
 * ```
 */
export const IFA_F = {
  SECONDARY: ifa.IFA_F_SECONDARY,
  TEMPORARY: ifa.IFA_F_TEMPORARY,
  NODAD: ifa.IFA_F_NODAD,
  OPTIMISTIC: ifa.IFA_F_OPTIMISTIC,
  DADFAILED: ifa.IFA_F_DADFAILED,
  HOMEADDRESS: ifa.IFA_F_HOMEADDRESS,
  DEPRECATED: ifa.IFA_F_DEPRECATED,
  TENTATIVE: ifa.IFA_F_TENTATIVE,
  PERMANENT: ifa.IFA_F_PERMANENT,
  MANAGETEMPADDR: ifa.IFA_F_MANAGETEMPADDR,
  NOPREFIXROUTE: ifa.IFA_F_NOPREFIXROUTE,
  MCAUTOJOIN: ifa.IFA_F_MCAUTOJOIN,
  STABLE_PRIVACY: ifa.IFA_F_STABLE_PRIVACY,
} as const;

/**
 * Types of a route, `route.type`: RTN_* without the prefix.
 *
 * Source: linux/rtnetlink.h, ip-route(8).
 *
 * @example
 * ```ts
 * import { RouteSocket, RTN } from "@netplumb/netplumb";
 *
 * await using route = RouteSocket.open();
 * const routes = await route.routes({ family: "inet" });
 * console.log(routes.filter(({ type }) => type === RTN.UNICAST).length);
 * ```
 */
export const RTN = {
  UNSPEC: rt.RTN_UNSPEC,
  UNICAST: rt.RTN_UNICAST,
  LOCAL: rt.RTN_LOCAL,
  BROADCAST: rt.RTN_BROADCAST,
  ANYCAST: rt.RTN_ANYCAST,
  MULTICAST: rt.RTN_MULTICAST,
  BLACKHOLE: rt.RTN_BLACKHOLE,
  UNREACHABLE: rt.RTN_UNREACHABLE,
  PROHIBIT: rt.RTN_PROHIBIT,
  THROW: rt.RTN_THROW,
  NAT: rt.RTN_NAT,
  XRESOLVE: rt.RTN_XRESOLVE,
} as const;

/**
 * Scopes of a route or an address: RT_SCOPE_* without the prefix.
 *
 * Source: linux/rtnetlink.h, ip-route(8).
 *
 * @example
 * ```ts
 * import { RouteSocket, RT_SCOPE } from "@netplumb/netplumb";
 *
 * await using route = RouteSocket.open();
 * const addresses = await route.addresses();
 * console.log(addresses.filter(({ scope }) => scope === RT_SCOPE.HOST).length);
 * ```
 */
export const RT_SCOPE = {
  UNIVERSE: rt.RT_SCOPE_UNIVERSE,
  SITE: rt.RT_SCOPE_SITE,
  LINK: rt.RT_SCOPE_LINK,
  HOST: rt.RT_SCOPE_HOST,
  NOWHERE: rt.RT_SCOPE_NOWHERE,
} as const;

/**
 * The origin of a route, `route.protocol`: RTPROT_* without the prefix.
 *
 * Source: linux/rtnetlink.h, ip-route(8).
 *
 * @example
 * ```ts
 * import { RouteSocket, RTPROT } from "@netplumb/netplumb";
 *
 * await using route = RouteSocket.open();
 * const routes = await route.routes({ family: "inet" });
 * console.log(routes.filter(({ protocol }) => protocol === RTPROT.KERNEL).length);
 * ```
 */
export const RTPROT = {
  UNSPEC: rt.RTPROT_UNSPEC,
  REDIRECT: rt.RTPROT_REDIRECT,
  KERNEL: rt.RTPROT_KERNEL,
  BOOT: rt.RTPROT_BOOT,
  STATIC: rt.RTPROT_STATIC,
  GATED: rt.RTPROT_GATED,
  RA: rt.RTPROT_RA,
  MRT: rt.RTPROT_MRT,
  ZEBRA: rt.RTPROT_ZEBRA,
  BIRD: rt.RTPROT_BIRD,
  DNROUTED: rt.RTPROT_DNROUTED,
  XORP: rt.RTPROT_XORP,
  NTK: rt.RTPROT_NTK,
  DHCP: rt.RTPROT_DHCP,
  MROUTED: rt.RTPROT_MROUTED,
  KEEPALIVED: rt.RTPROT_KEEPALIVED,
  BABEL: rt.RTPROT_BABEL,
  OPENR: rt.RTPROT_OPENR,
  BGP: rt.RTPROT_BGP,
  ISIS: rt.RTPROT_ISIS,
  OSPF: rt.RTPROT_OSPF,
  RIP: rt.RTPROT_RIP,
  EIGRP: rt.RTPROT_EIGRP,
} as const;

/**
 * States of a neighbour, `neighbour.state`: NUD_* without the prefix.
 *
 * Source: linux/neighbour.h, ip-neighbour(8).
 *
 * @example
 * ```ts
 * import { NUD, RouteSocket } from "@netplumb/netplumb";
 *
 * await using route = RouteSocket.open();
 * const neighbours = await route.neighbours();
 * console.log(neighbours.filter(({ state }) => state & NUD.REACHABLE).length);
 * ```
 */
export const NUD = {
  INCOMPLETE: nd.NUD_INCOMPLETE,
  REACHABLE: nd.NUD_REACHABLE,
  STALE: nd.NUD_STALE,
  DELAY: nd.NUD_DELAY,
  PROBE: nd.NUD_PROBE,
  FAILED: nd.NUD_FAILED,
  NOARP: nd.NUD_NOARP,
  PERMANENT: nd.NUD_PERMANENT,
  NONE: nd.NUD_NONE,
} as const;
