// Protocol numbers that more than one header refers to.

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
  ETHERNET: 143,
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
  TEB: 0x6558,
  RARP: 0x8035,
  VLAN: 0x8100,
  IPV6: 0x86dd,
  MPLS_UC: 0x8847,
  MPLS_MC: 0x8848,
  PPP_DISC: 0x8863,
  PPP_SES: 0x8864,
  PPTP: 0x880b,
  LLDP: 0x88cc,
  QINQ: 0x88a8,
  QINQ1: 0x9100,
  QINQ2: 0x9200,
} as const;

/** The lowest EtherType; a smaller number is the length of an 802.3 frame. */
export const ETH_P_802_3_MIN = 0x0600;

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

/** Whether an EtherType is that of a VLAN tag. */
export function isVlanTag(etherType: number): boolean {
  return etherType === ETH_P.VLAN || etherType === ETH_P.QINQ ||
    etherType === ETH_P.QINQ1 || etherType === ETH_P.QINQ2;
}

/** Whether a next-header value of IPv6 is that of an extension header. */
export function isExtensionHeader(protocol: number): boolean {
  return protocol === IPPROTO.HOPOPTS || protocol === IPPROTO.ROUTING ||
    protocol === IPPROTO.FRAGMENT || protocol === IPPROTO.AH ||
    protocol === IPPROTO.DSTOPTS;
}
