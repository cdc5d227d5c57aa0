// What GRE, IP-in-IP and VTI tunnels have in common.

import {
  TUNNEL_ENCAP_FLAG_CSUM,
  TUNNEL_ENCAP_FLAG_CSUM6,
  TUNNEL_ENCAP_FLAG_REMCSUM,
  TUNNEL_ENCAP_FOU,
  TUNNEL_ENCAP_GUE,
  TUNNEL_ENCAP_NONE,
} from "../../../../ffi/layout/linux_if_tunnel.ts";
import * as flag from "../../../../ffi/layout/linux_ip6_tunnel.ts";
import { formatIPv4 } from "../../../address.ts";
import type { AttributeReader } from "../../../netlink/attribute.ts";
import {
  address,
  type AttributeLevel,
  hex,
  isZero,
  type KindData,
} from "../field.ts";

/** One end of a tunnel: "any" where it is not set. */
export function endpoint(
  value: AttributeReader | undefined,
  length: 4 | 16,
): string {
  if (value === undefined) return "any";
  // iproute2 takes an address of another length for a mistake.
  if (value.length !== length) return "unknown";
  return isZero(value) ? "any" : address(value);
}

/** A key, written as an address is. */
export function key({ bytes, at, length }: AttributeReader): string {
  return length >= 4 ? formatIPv4(bytes, at) : "";
}

/** The UDP that a tunnel may be wrapped in (foo-over-UDP). */
export function encapsulation(
  data: KindData,
  level: AttributeLevel,
  { type, flags, sport, dport }: {
    readonly type: number;
    readonly flags: number;
    readonly sport: number;
    readonly dport: number;
  },
): void {
  const kind = level.get(type)?.u16();
  if (kind === undefined || kind === TUNNEL_ENCAP_NONE) return;
  const set = level.get(flags)?.u16() ?? 0;
  data.encap = {
    type: kind === TUNNEL_ENCAP_FOU
      ? "fou"
      : kind === TUNNEL_ENCAP_GUE
      ? "gue"
      : null,
    sport: level.get(sport)?.be16() ?? 0,
    dport: level.get(dport)?.be16() ?? 0,
    csum: (set & TUNNEL_ENCAP_FLAG_CSUM) !== 0,
    csum6: (set & TUNNEL_ENCAP_FLAG_CSUM6) !== 0,
    remcsum: (set & TUNNEL_ENCAP_FLAG_REMCSUM) !== 0,
  };
}

/** The attributes that tunnels over IPv6 have in common. */
export interface IPv6TunnelAttributes {
  readonly flags: number;
  readonly flowinfo: number;
  readonly encapLimit: number;
  readonly fwmark: number;
}

const TCLASS = 0x0ff00000;
const FLOWLABEL = 0x000fffff;

/** What is inherited from the packet, and what is the tunnel's own. */
export function ipv6Options(
  data: KindData,
  level: AttributeLevel,
  { flags, flowinfo, encapLimit }: IPv6TunnelAttributes,
): void {
  const set = level.get(flags)?.u32() ?? 0;
  const flow = level.get(flowinfo)?.be32();
  const limit = level.get(encapLimit)?.u8();
  if (set & flag.IP6_TNL_F_IGN_ENCAP_LIMIT) {
    data.ip6_tnl_f_ign_encap_limit = true;
  } else if (limit !== undefined) data.encap_limit = limit;
  if (set & flag.IP6_TNL_F_USE_ORIG_TCLASS) {
    data.ip6_tnl_f_use_orig_tclass = true;
  } else if (flow !== undefined) {
    data.tclass = padded((flow & TCLASS) >>> 20, 2);
  }
  if (set & flag.IP6_TNL_F_USE_ORIG_FLOWLABEL) {
    data.ip6_tnl_f_use_orig_flowlabel = true;
  } else if (flow !== undefined) data.flowlabel = padded(flow & FLOWLABEL, 5);
  if (set & flag.IP6_TNL_F_RCV_DSCP_COPY) data.ip6_tnl_f_rcv_dscp_copy = true;
}

/** The packet mark, where it is not inherited. */
export function ipv6Mark(
  data: KindData,
  level: AttributeLevel,
  { flags, fwmark }: IPv6TunnelAttributes,
): void {
  const set = level.get(flags)?.u32() ?? 0;
  const value = level.get(fwmark);
  if (set & flag.IP6_TNL_F_USE_ORIG_FWMARK) {
    data.ip6_tnl_f_use_orig_fwmark = true;
  } else if (value?.u32()) data.fwmark = hex(value.u32());
}

function padded(number: number, digits: number): string {
  return "0x" + number.toString(16).padStart(digits, "0");
}
