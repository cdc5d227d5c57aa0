// What a route wraps packets in, as `ip -j route` tells of it. Of the kinds that
// are rarely met only the name is told.

import {
  TUNNEL_CSUM,
  TUNNEL_KEY,
  TUNNEL_SEQ,
} from "../../../ffi/layout/linux_if_tunnel.ts";
import * as lwt from "../../../ffi/layout/linux_lwtunnel.ts";
import { AttributeReader } from "../../netlink/attribute.ts";
import { noCounts } from "../../netlink/counters.ts";
import { NetlinkBuffer } from "../../netlink/message.ts";
import { addressText } from "../family.ts";
import {
  address,
  AttributeLevel,
  type Field,
  type JsonValue,
  other,
  readFields,
} from "../link/field.ts";
import type { RouteEncapsulation } from "../route.ts";

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

function flag(attribute: number, key: string, bit: number): Field {
  return other(
    attribute,
    key,
    (value) => (value.u16() & bit) !== 0 ? true : undefined,
  );
}

function number(attribute: number, key: string): Field {
  return other(attribute, key, (value) => value.u8());
}

const FIELDS: { readonly [type: number]: readonly Field[] } = {
  [lwt.LWTUNNEL_ENCAP_MPLS]: [
    other(
      lwt.MPLS_IPTUNNEL_DST,
      "dst",
      ({ bytes, at, length }) => addressText("mpls", bytes, at, length),
    ),
    number(lwt.MPLS_IPTUNNEL_TTL, "ttl"),
  ],
  [lwt.LWTUNNEL_ENCAP_IP]: [
    other(lwt.LWTUNNEL_IP_ID, "id", (value) => Number(value.be64())),
    other(lwt.LWTUNNEL_IP_SRC, "src", address),
    other(lwt.LWTUNNEL_IP_DST, "dst", address),
    number(lwt.LWTUNNEL_IP_TTL, "ttl"),
    number(lwt.LWTUNNEL_IP_TOS, "tos"),
    flag(lwt.LWTUNNEL_IP_FLAGS, "key", TUNNEL_KEY),
    flag(lwt.LWTUNNEL_IP_FLAGS, "csum", TUNNEL_CSUM),
    flag(lwt.LWTUNNEL_IP_FLAGS, "seq", TUNNEL_SEQ),
  ],
  [lwt.LWTUNNEL_ENCAP_IP6]: [
    other(lwt.LWTUNNEL_IP6_ID, "id", (value) => Number(value.be64())),
    other(lwt.LWTUNNEL_IP6_SRC, "src", address),
    other(lwt.LWTUNNEL_IP6_DST, "dst", address),
    number(lwt.LWTUNNEL_IP6_HOPLIMIT, "hoplimit"),
    number(lwt.LWTUNNEL_IP6_TC, "tc"),
    flag(lwt.LWTUNNEL_IP6_FLAGS, "key", TUNNEL_KEY),
    flag(lwt.LWTUNNEL_IP6_FLAGS, "csum", TUNNEL_CSUM),
    flag(lwt.LWTUNNEL_IP6_FLAGS, "seq", TUNNEL_SEQ),
  ],
};

/** The name of the encapsulation and what is known of it, side by side. */
export function ipEncapsulation(
  { type, attributes }: RouteEncapsulation,
): Record<string, JsonValue> {
  const reader = new AttributeReader(NetlinkBuffer.of(attributes), noCounts());
  reader.reset(0, attributes.length);
  return {
    encap: NAMES.get(type) ?? "unknown",
    ...readFields(FIELDS[type] ?? [], new AttributeLevel(reader)),
  };
}
