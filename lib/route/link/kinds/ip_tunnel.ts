// ip link add NAME type ipip, sit or ip6tnl. Source: ip-link(8), RFC 2003,
// RFC 2473, RFC 5969.

import {
  IPPROTO_IPIP,
  IPPROTO_IPV6,
  IPPROTO_MPLS,
} from "../../../../ffi/layout/netinet_in.ts";
import * as iptun from "../../../../ffi/layout/linux_if_tunnel.ts";
import {
  IP6_TNL_F_ALLOW_LOCAL_REMOTE,
  IP6_TNL_F_MIP6_DEV,
} from "../../../../ffi/layout/linux_ip6_tunnel.ts";
import {
  address,
  type AttributeLevel,
  hex,
  type Kind,
  type KindData,
} from "../field.ts";
import { encapsulation, endpoint, ipv6Mark, ipv6Options } from "./tunnel.ts";

const IPV6 = {
  flags: iptun.IFLA_IPTUN_FLAGS,
  flowinfo: iptun.IFLA_IPTUN_FLOWINFO,
  encapLimit: iptun.IFLA_IPTUN_ENCAP_LIMIT,
  fwmark: iptun.IFLA_IPTUN_FWMARK,
};

const INSIDE_IPV4 = new Map([
  [IPPROTO_IPIP, "ipip"],
  [IPPROTO_IPV6, "ip6ip"],
  [IPPROTO_MPLS, "mplsip"],
  [0, "any"],
]);
const INSIDE_IPV6 = new Map([
  [IPPROTO_IPIP, "ipip6"],
  [IPPROTO_IPV6, "ip6ip6"],
  [0, "any"],
]);

/** What is inside, whom it connects, and through what. */
function ends(
  data: KindData,
  level: AttributeLevel,
  length: 4 | 16,
): void {
  if (level.has(iptun.IFLA_IPTUN_COLLECT_METADATA)) data.external = true;
  const protocol = level.get(iptun.IFLA_IPTUN_PROTO)?.u8();
  const inside = (length === 4 ? INSIDE_IPV4 : INSIDE_IPV6).get(protocol ?? -1);
  if (inside !== undefined) data.proto = inside;
  data.remote = endpoint(level.get(iptun.IFLA_IPTUN_REMOTE), length);
  data.local = endpoint(level.get(iptun.IFLA_IPTUN_LOCAL), length);
  const link = level.get(iptun.IFLA_IPTUN_LINK)?.i32();
  if (link) data.link = link;
  data.ttl = level.get(iptun.IFLA_IPTUN_TTL)?.u8() ?? 0;
}

/** IPv6 rapid deployment. */
function sixRd(data: KindData, level: AttributeLevel): void {
  const length = level.get(iptun.IFLA_IPTUN_6RD_PREFIXLEN)?.u16();
  if (!length) return;
  const prefix = level.get(iptun.IFLA_IPTUN_6RD_PREFIX);
  if (prefix !== undefined) data.prefix = address(prefix);
  data.prefixlen = length;
  const relay = level.get(iptun.IFLA_IPTUN_6RD_RELAY_PREFIX);
  if (!relay?.u32()) return;
  data.relay_prefix = address(relay);
  data.relay_prefixlen =
    level.get(iptun.IFLA_IPTUN_6RD_RELAY_PREFIXLEN)?.u16() ?? 0;
}

function wrap(data: KindData, level: AttributeLevel): void {
  encapsulation(data, level, {
    type: iptun.IFLA_IPTUN_ENCAP_TYPE,
    flags: iptun.IFLA_IPTUN_ENCAP_FLAGS,
    sport: iptun.IFLA_IPTUN_ENCAP_SPORT,
    dport: iptun.IFLA_IPTUN_ENCAP_DPORT,
  });
}

function overIPv4(data: KindData, level: AttributeLevel): void {
  ends(data, level, 4);
  const tos = level.get(iptun.IFLA_IPTUN_TOS)?.u8();
  if (tos) data.tos = hex(tos);
  data.pmtudisc = (level.get(iptun.IFLA_IPTUN_PMTUDISC)?.u8() ?? 0) !== 0;
  const flags = level.get(iptun.IFLA_IPTUN_FLAGS)?.u16() ?? 0;
  if (flags & iptun.SIT_ISATAP) data.isatap = true;
  sixRd(data, level);
  const mark = level.get(iptun.IFLA_IPTUN_FWMARK)?.u32();
  if (mark) data.fwmark = hex(mark);
  wrap(data, level);
}

function overIPv6(data: KindData, level: AttributeLevel): void {
  ends(data, level, 16);
  ipv6Options(data, level, IPV6);
  const flags = level.get(iptun.IFLA_IPTUN_FLAGS)?.u32() ?? 0;
  if (flags & IP6_TNL_F_MIP6_DEV) data.ip6_tnl_f_mip6_dev = true;
  if (flags & IP6_TNL_F_ALLOW_LOCAL_REMOTE) {
    data.ip6_tnl_f_allow_local_remote = true;
  }
  ipv6Mark(data, level, IPV6);
  wrap(data, level);
}

export const ipTunnels: readonly Kind[] = [
  { name: "ipip", data: [], links: ["link"], finish: overIPv4 },
  { name: "sit", data: [], links: ["link"], finish: overIPv4 },
  { name: "ip6tnl", data: [], links: ["link"], finish: overIPv6 },
];
