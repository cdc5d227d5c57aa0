// How the values of attributes are told: those that are no number in the
// machine's byte order, by the names of their constants.

import { formatIPv4, formatIPv6 } from "../net/ip_address.ts";
import { formatLinkAddress } from "../net/link_address.ts";
import { textOf } from "../netlink/attribute_names.ts";

type Read = (value: Uint8Array) => string | number;

const view = (value: Uint8Array) =>
  new DataView(value.buffer, value.byteOffset, value.length);

/** An address of 4 or 16 bytes. */
function ipAddress(value: Uint8Array): string {
  return value.length === 4
    ? formatIPv4(value)
    : value.length === 16
    ? formatIPv6(value)
    : formatLinkAddress(value);
}

const be16: Read = (value) =>
  value.length === 2 ? view(value).getUint16(0) : formatLinkAddress(value);

const be32: Read = (value) =>
  value.length === 4 ? view(value).getUint32(0) : formatLinkAddress(value);

const i32: Read = (value) =>
  value.length === 4 ? view(value).getInt32(0, true) : formatLinkAddress(value);

/** rtvia: a family, and an address of it. */
const via: Read = (value) => ipAddress(value.subarray(2));

const READERS: ReadonlyArray<readonly [read: Read, names: RegExp]> = [
  [
    textOf,
    /^(IFLA_(ALT_)?IFNAME|IFLA_INFO_(SLAVE_)?KIND|IFLA_IFALIAS|IFA_LABEL|FRA_[IO]IFNAME|RTAX_CC_ALGO|IFLA_QDISC|IFLA_PHYS_PORT_NAME|IFLA_PARENT_DEV_NAME)$/,
  ],
  [
    (value) => formatLinkAddress(value),
    /^(IFLA_ADDRESS|IFLA_BROADCAST|IFLA_PERM_ADDRESS|NDA_LLADDR|IFLA_BR_GROUP_ADDR|IFLA_MACVLAN_MACADDR|IFLA_BOND_AD_ACTOR_SYSTEM)$/,
  ],
  [
    ipAddress,
    /^(IFA_(ADDRESS|LOCAL|BROADCAST|ANYCAST)|RTA_(DST|SRC|GATEWAY|PREFSRC)|NDA_DST|NHA_GATEWAY|FRA_(DST|SRC)|IFLA_(VXLAN_(GROUP|LOCAL)6?|(GRE|IPTUN)_(LOCAL|REMOTE)|IPTUN_6RD_(RELAY_)?PREFIX))$/,
  ],
  [via, /^RTA_VIA$/],
  [
    be16,
    /^(IFLA_(VLAN_PROTOCOL|BR_VLAN_PROTOCOL|VXLAN_PORT|(GRE|IPTUN)_ENCAP_[SD]PORT)|NDA_PORT)$/,
  ],
  [be32, /^IFLA_(VXLAN_LABEL|GRE_[IO]KEY)$/],
  [i32, /^(IFLA_BOND_SLAVE_PRIO|FRA_SUPPRESS_(PREFIXLEN|IFGROUP))$/],
];

/** How the value of an attribute is told, if not as a number. */
export function valueReader(name: string): Read | undefined {
  return READERS.find(([, names]) => names.test(name))?.[0];
}
