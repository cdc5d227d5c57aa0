// What a route wraps packets in, as `ip -j route` tells of it. Of the kinds that
// are rarely met only the name is told.

import {
  TUNNEL_CSUM,
  TUNNEL_KEY,
  TUNNEL_SEQ,
} from "../../ffi/uapi/linux_if_tunnel.ts";
import * as lwt from "../../ffi/uapi/linux_lwtunnel.ts";
import { AttributeReader } from "../netlink/attribute.ts";
import { noCounts } from "../netlink/counters.ts";
import { NetlinkBuffer } from "../netlink/buffer.ts";
import { addressText } from "../rtnetlink/family.ts";
import { reported, showAddress } from "../rtnetlink/spec/attribute.ts";
import { onlyTrue } from "../rtnetlink/spec/json.ts";
import { AttributeLevel } from "../rtnetlink/spec/level.ts";
import { AttributeTable } from "../rtnetlink/spec/table.ts";
import type { RouteEncapsulation } from "../rtnetlink/route.ts";

const NAMES = new Map([
  [lwt.LWTUNNEL_ENCAP_MPLS, "mpls"],
  [lwt.LWTUNNEL_ENCAP_IP, "ip"],
  [lwt.LWTUNNEL_ENCAP_IP6, "ip6"],
  [lwt.LWTUNNEL_ENCAP_ILA, "ila"],
  [lwt.LWTUNNEL_ENCAP_BPF, "bpf"],
  [lwt.LWTUNNEL_ENCAP_SEG6, "seg6"],
  [lwt.LWTUNNEL_ENCAP_SEG6_LOCAL, "seg6local"],
  [lwt.LWTUNNEL_ENCAP_RPL, "rpl"],
  [lwt.LWTUNNEL_ENCAP_IOAM6, "ioam6"],
  [lwt.LWTUNNEL_ENCAP_XFRM, "xfrm"],
]);

const flag = (number: number, bit: number) =>
  reported<boolean>(number, (value) => onlyTrue(value.u16() & bit));
const byte = (number: number) =>
  reported<number>(number, (value) => value.u8());
const id = (number: number) =>
  reported<number>(number, (value) => Number(value.be64()));
const address = (number: number) =>
  reported<string>(number, (value) => showAddress(value.copy()));

const TABLES: { readonly [type: number]: AttributeTable } = {
  [lwt.LWTUNNEL_ENCAP_MPLS]: new AttributeTable({
    dst: reported<string>(
      lwt.MPLS_IPTUNNEL_DST,
      ({ bytes, at, length }) => addressText("mpls", bytes, at, length),
    ),
    ttl: byte(lwt.MPLS_IPTUNNEL_TTL),
  }),
  [lwt.LWTUNNEL_ENCAP_IP]: new AttributeTable({
    id: id(lwt.LWTUNNEL_IP_ID),
    src: address(lwt.LWTUNNEL_IP_SRC),
    dst: address(lwt.LWTUNNEL_IP_DST),
    ttl: byte(lwt.LWTUNNEL_IP_TTL),
    tos: byte(lwt.LWTUNNEL_IP_TOS),
    key: flag(lwt.LWTUNNEL_IP_FLAGS, TUNNEL_KEY),
    csum: flag(lwt.LWTUNNEL_IP_FLAGS, TUNNEL_CSUM),
    seq: flag(lwt.LWTUNNEL_IP_FLAGS, TUNNEL_SEQ),
  }),
  [lwt.LWTUNNEL_ENCAP_IP6]: new AttributeTable({
    id: id(lwt.LWTUNNEL_IP6_ID),
    src: address(lwt.LWTUNNEL_IP6_SRC),
    dst: address(lwt.LWTUNNEL_IP6_DST),
    hoplimit: byte(lwt.LWTUNNEL_IP6_HOPLIMIT),
    tc: byte(lwt.LWTUNNEL_IP6_TC),
    key: flag(lwt.LWTUNNEL_IP6_FLAGS, TUNNEL_KEY),
    csum: flag(lwt.LWTUNNEL_IP6_FLAGS, TUNNEL_CSUM),
    seq: flag(lwt.LWTUNNEL_IP6_FLAGS, TUNNEL_SEQ),
  }),
};

/** The name of the encapsulation and what is known of it, side by side. */
export function ipEncapsulation(
  { type, attributes }: RouteEncapsulation,
): { encap: string } {
  const reader = new AttributeReader(NetlinkBuffer.of(attributes), noCounts());
  reader.reset(0, attributes.length);
  return {
    encap: NAMES.get(type) ?? "unknown",
    ...TABLES[type]?.json(new AttributeLevel(reader)),
  };
}
