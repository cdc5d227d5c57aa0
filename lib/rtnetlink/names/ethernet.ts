// iproute2's names of EtherTypes.

import * as eth from "../../../ffi/uapi/linux_if_ether.ts";

const NAMES: ReadonlyMap<number, string> = new Map([
  [eth.ETH_P_LOOP, "loop"],
  [eth.ETH_P_PUP, "pup"],
  [eth.ETH_P_PUPAT, "pupat"],
  [eth.ETH_P_IP, "ip"],
  [eth.ETH_P_X25, "x25"],
  [eth.ETH_P_ARP, "arp"],
  [eth.ETH_P_BPQ, "bpq"],
  [eth.ETH_P_IEEEPUP, "ieeepup"],
  [eth.ETH_P_IEEEPUPAT, "ieeepupat"],
  [eth.ETH_P_DEC, "dec"],
  [eth.ETH_P_DNA_DL, "dna_dl"],
  [eth.ETH_P_DNA_RC, "dna_rc"],
  [eth.ETH_P_DNA_RT, "dna_rt"],
  [eth.ETH_P_LAT, "lat"],
  [eth.ETH_P_DIAG, "diag"],
  [eth.ETH_P_CUST, "cust"],
  [eth.ETH_P_SCA, "sca"],
  [eth.ETH_P_RARP, "rarp"],
  [eth.ETH_P_ATALK, "atalk"],
  [eth.ETH_P_AARP, "aarp"],
  [eth.ETH_P_IPX, "ipx"],
  [eth.ETH_P_IPV6, "ipv6"],
  [eth.ETH_P_PPP_DISC, "ppp_disc"],
  [eth.ETH_P_PPP_SES, "ppp_ses"],
  [eth.ETH_P_ATMMPOA, "atmmpoa"],
  [eth.ETH_P_ATMFATE, "atmfate"],
  [eth.ETH_P_802_3, "802_3"],
  [eth.ETH_P_AX25, "ax25"],
  [eth.ETH_P_ALL, "all"],
  [eth.ETH_P_802_2, "802_2"],
  [eth.ETH_P_SNAP, "snap"],
  [eth.ETH_P_DDCMP, "ddcmp"],
  [eth.ETH_P_WAN_PPP, "wan_ppp"],
  [eth.ETH_P_PPP_MP, "ppp_mp"],
  [eth.ETH_P_LOCALTALK, "localtalk"],
  [eth.ETH_P_CAN, "can"],
  [eth.ETH_P_PPPTALK, "ppptalk"],
  [eth.ETH_P_TR_802_2, "tr_802_2"],
  [eth.ETH_P_MOBITEX, "mobitex"],
  [eth.ETH_P_CONTROL, "control"],
  [eth.ETH_P_IRDA, "irda"],
  [eth.ETH_P_ECONET, "econet"],
  [eth.ETH_P_TIPC, "tipc"],
  [eth.ETH_P_PROFINET, "profinet"],
  [eth.ETH_P_AOE, "aoe"],
  [eth.ETH_P_ETHERCAT, "ethercat"],
  [eth.ETH_P_8021Q, "802.1Q"],
  [eth.ETH_P_8021AD, "802.1ad"],
  [eth.ETH_P_MPLS_UC, "mpls_uc"],
  [eth.ETH_P_MPLS_MC, "mpls_mc"],
  [eth.ETH_P_TEB, "teb"],
  [eth.ETH_P_LLDP, "LLDP"],
]);

/** The name of an EtherType, or its number in brackets. */
export function ethernetProtocolName(type: number): string {
  return NAMES.get(type) ?? `[${type}]`;
}

const NUMBERS: ReadonlyMap<string, number> = new Map(
  [...NAMES].map(([number, name]) => [name, number]),
);
/** Other names that iproute2 accepts. */
const ALIASES: ReadonlyMap<string, number> = new Map([
  ["ipv4", eth.ETH_P_IP],
]);

/**
 * The EtherType of a name; undefined for a name that iproute2 does not know.
 */
export function ethernetProtocolNumber(word: string): number | undefined {
  return NUMBERS.get(word) ?? ALIASES.get(word);
}
