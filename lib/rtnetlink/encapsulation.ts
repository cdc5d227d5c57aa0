// Encapsulations of routes and nexthops (lightweight tunnels). Of the uncommon
// types only the name is known. Source: ip-route(8), linux/lwtunnel.h.

import {
  TUNNEL_CSUM,
  TUNNEL_KEY,
  TUNNEL_SEQ,
} from "../../ffi/uapi/linux_if_tunnel.ts";
import * as lwt from "../../ffi/uapi/linux_lwtunnel.ts";
import { addressText } from "./family.ts";
import { reported, showAddress } from "./spec/attribute.ts";
import { onlyTrue } from "./spec/json.ts";
import { AttributeTable, levelOf } from "./spec/table.ts";
import type { ObjectAttribute } from "./spec/object.ts";

/** An encapsulation, as the kernel gave it. */
export interface RouteEncapsulation {
  /** LWTUNNEL_ENCAP_*, for example 1 for MPLS. Source: linux/lwtunnel.h. */
  readonly type: number;
  /** Its attributes. */
  readonly attributes: Uint8Array<ArrayBuffer>;
}

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

const NONE = new Uint8Array(0);

/** The entries of an object that may have an encapsulation. */
export function encapsulationFields<
  O extends { encapsulation?: RouteEncapsulation },
>(typeNumber: number, number: number): {
  readonly [Entry in "encap" | "encapType"]: ObjectAttribute<O>;
} {
  return {
    encap: {
      number,
      // One that is not described makes the object another one.
      compare: true,
      of: ({ encapsulation }) => encapsulation && nameOf(encapsulation),
      decode(object, value) {
        const type = object.encapsulation?.type ?? 0;
        object.encapsulation = { type, attributes: value.copy() };
      },
      print(json, { encapsulation }) {
        if (encapsulation === undefined) return;
        json.encap = nameOf(encapsulation);
        const { type, attributes } = encapsulation;
        Object.assign(json, TABLES[type]?.json(levelOf(attributes)));
      },
    },
    encapType: {
      number: typeNumber,
      decode(object, value) {
        const attributes = object.encapsulation?.attributes ?? NONE;
        object.encapsulation = { type: value.u16(), attributes };
      },
    },
  };
}

function nameOf({ type }: RouteEncapsulation): string {
  return NAMES.get(type) ?? "unknown";
}
