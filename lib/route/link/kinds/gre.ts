// ip link add NAME type gre, gretap, erspan, ip6gre, ip6gretap or ip6erspan.
// Source: ip-link(8), RFC 2784, RFC 2890.

import * as gre from "../../../../ffi/layout/linux_if_tunnel.ts";
import { IP6_TNL_F_ALLOW_LOCAL_REMOTE } from "../../../../ffi/layout/linux_ip6_tunnel.ts";
import {
  type AttributeLevel,
  hex,
  type Kind,
  type KindData,
} from "../field.ts";
import {
  encapsulation,
  endpoint,
  ipv6Mark,
  ipv6Options,
  key,
} from "./tunnel.ts";

const IPV6 = {
  flags: gre.IFLA_GRE_FLAGS,
  flowinfo: gre.IFLA_GRE_FLOWINFO,
  encapLimit: gre.IFLA_GRE_ENCAP_LIMIT,
  fwmark: gre.IFLA_GRE_FWMARK,
};

/** Whom it connects, and through what. */
function ends(data: KindData, level: AttributeLevel, length: 4 | 16): void {
  if (level.has(gre.IFLA_GRE_COLLECT_METADATA)) data.external = true;
  data.remote = endpoint(level.get(gre.IFLA_GRE_REMOTE), length);
  data.local = endpoint(level.get(gre.IFLA_GRE_LOCAL), length);
  const link = level.get(gre.IFLA_GRE_LINK)?.i32();
  if (link) data.link = link;
  data.ttl = level.get(gre.IFLA_GRE_TTL)?.u8() ?? 0;
}

/** Keys, sequence numbers and checksums, inwards and outwards. */
function headers(data: KindData, level: AttributeLevel): void {
  const inwards = level.get(gre.IFLA_GRE_IFLAGS)?.u16() ?? 0;
  const outwards = level.get(gre.IFLA_GRE_OFLAGS)?.u16() ?? 0;
  const inKey = level.get(gre.IFLA_GRE_IKEY);
  if (inwards & gre.GRE_KEY && inKey !== undefined) data.ikey = key(inKey);
  const outKey = level.get(gre.IFLA_GRE_OKEY);
  if (outwards & gre.GRE_KEY && outKey !== undefined) data.okey = key(outKey);
  if (inwards & gre.GRE_SEQ) data.iseq = true;
  if (outwards & gre.GRE_SEQ) data.oseq = true;
  if (inwards & gre.GRE_CSUM) data.icsum = true;
  if (outwards & gre.GRE_CSUM) data.ocsum = true;
}

function erspan(data: KindData, level: AttributeLevel): void {
  const index = level.get(gre.IFLA_GRE_ERSPAN_INDEX)?.u32();
  if (index !== undefined) data.erspan_index = index;
  const version = level.get(gre.IFLA_GRE_ERSPAN_VER)?.u8();
  if (version !== undefined) data.erspan_ver = version;
  const direction = level.get(gre.IFLA_GRE_ERSPAN_DIR)?.u8();
  if (direction !== undefined) {
    data.erspan_dir = direction === 0 ? "ingress" : "egress";
  }
  const hardware = level.get(gre.IFLA_GRE_ERSPAN_HWID)?.u16();
  if (hardware !== undefined) data.erspan_hwid = hex(hardware);
}

function wrap(data: KindData, level: AttributeLevel): void {
  encapsulation(data, level, {
    type: gre.IFLA_GRE_ENCAP_TYPE,
    flags: gre.IFLA_GRE_ENCAP_FLAGS,
    sport: gre.IFLA_GRE_ENCAP_SPORT,
    dport: gre.IFLA_GRE_ENCAP_DPORT,
  });
}

function overIPv4(data: KindData, level: AttributeLevel): void {
  ends(data, level, 4);
  const tos = level.get(gre.IFLA_GRE_TOS)?.u8();
  if (tos) data.tos = hex(tos);
  const discovery = level.get(gre.IFLA_GRE_PMTUDISC)?.u8();
  if (discovery !== undefined) data.pmtudisc = discovery !== 0;
  if (level.get(gre.IFLA_GRE_IGNORE_DF)?.u8()) data.ignore_df = true;
  headers(data, level);
  const mark = level.get(gre.IFLA_GRE_FWMARK)?.u32();
  if (mark) data.fwmark = hex(mark);
  erspan(data, level);
  wrap(data, level);
}

function overIPv6(data: KindData, level: AttributeLevel): void {
  ends(data, level, 16);
  ipv6Options(data, level, IPV6);
  headers(data, level);
  const flags = level.get(gre.IFLA_GRE_FLAGS)?.u32() ?? 0;
  if (flags & IP6_TNL_F_ALLOW_LOCAL_REMOTE) {
    data.ip6_tnl_f_allow_local_remote = true;
  }
  ipv6Mark(data, level, IPV6);
  erspan(data, level);
  wrap(data, level);
}

export const gres: readonly Kind[] = [
  ...["gre", "gretap", "erspan"].map((name) => ({
    name,
    data: [],
    links: ["link"],
    finish: overIPv4,
  })),
  ...["ip6gre", "ip6gretap", "ip6erspan"].map((name) => ({
    name,
    data: [],
    links: ["link"],
    finish: overIPv6,
  })),
];
