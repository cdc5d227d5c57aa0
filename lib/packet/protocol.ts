// Numbers of the Internet's registries that more than one header refers to.

/**
 * IP protocol numbers, by the names of netinet/in.h. Source: IANA, RFC 5237.
 *
 * @example
 * ```ts
 * import { headers, IPPROTO } from "@netplumb/netplumb";
 *
 * console.log(IPPROTO.UDP, headers.protocolName(IPPROTO.UDP)); // 17 udp
 * ```
 */
export const IPPROTO = {
  HOPOPTS: 0,
  ICMP: 1,
  IGMP: 2,
  IPIP: 4,
  TCP: 6,
  UDP: 17,
  IPV6: 41,
  ROUTING: 43,
  FRAGMENT: 44,
  GRE: 47,
  ESP: 50,
  AH: 51,
  ICMPV6: 58,
  NONE: 59,
  DSTOPTS: 60,
  OSPF: 89,
  PIM: 103,
  VRRP: 112,
  SCTP: 132,
} as const;

/**
 * Ethernet protocol numbers, by the names of linux/if_ether.h.
 *
 * @example
 * ```ts
 * import { ETH_P, headers } from "@netplumb/netplumb";
 *
 * const frame = Uint8Array.fromHex("0200000000010200000000020800");
 * const ethernet = headers.decodeEthernet(frame);
 * console.log("type" in ethernet && ethernet.type === ETH_P.IP); // true
 * ```
 */
export const ETH_P = {
  IP: 0x0800,
  ARP: 0x0806,
  VLAN: 0x8100,
  IPV6: 0x86dd,
  QINQ: 0x88a8,
} as const;

const protocolNames: ReadonlyMap<number, string> = new Map(
  Object.entries(IPPROTO).map((
    [name, number],
  ) => [number, name.toLowerCase()]),
);

/**
 * The name of an IP protocol, in lower case.
 *
 * @param protocol Its number.
 * @returns For example `udp`; the number as text if it has no name here.
 *
 * Source: RFC 5237.
 *
 * @example
 * ```ts
 * import { headers } from "@netplumb/netplumb";
 *
 * console.log(headers.protocolName(17), headers.protocolName(253)); // udp 253
 * ```
 */
export function protocolName(protocol: number): string {
  return protocolNames.get(protocol) ?? String(protocol);
}

/** Whether a next-header value of IPv6 is that of an extension header. */
export function isExtensionHeader(protocol: number): boolean {
  return protocol === IPPROTO.HOPOPTS || protocol === IPPROTO.ROUTING ||
    protocol === IPPROTO.FRAGMENT || protocol === IPPROTO.AH ||
    protocol === IPPROTO.DSTOPTS;
}
