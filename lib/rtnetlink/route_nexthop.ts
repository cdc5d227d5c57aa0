// Nexthops of routes: gateways, and members of multipath routes. Source:
// ip-route(8), linux/rtnetlink.h.

import * as rt from "../../ffi/uapi/linux_rtnetlink.ts";
import { AF_INET, AF_INET6 } from "../../ffi/uapi/sys_socket.ts";
import { sharedCidr } from "../net/prefix.ts";
import type { AttributeReader } from "../netlink/attribute.ts";
import { AttributeWriter } from "../netlink/attribute_writer.ts";
import {
  encapsulationFields,
  type RouteEncapsulation,
} from "./encapsulation.ts";
import { type AddressFamily, addressText, familyName } from "./family.ts";
import { realmsJson, routeFlags } from "./route_parts.ts";
import { showAddress, toggleWord } from "./spec/attribute.ts";
import { u32 } from "./spec/codec.ts";
import { realms } from "./spec/named_number.ts";
import {
  device,
  type Encoding,
  fieldsOf,
  FieldTable,
  ip,
  type JsonContext,
  type JsonObject,
  type ObjectAttribute,
} from "./spec/object.ts";
import { readSpec } from "./spec/table.ts";
import { ipAddress, labels, type Reader, wholeNumber } from "./spec/value.ts";

/** A gateway of another family than the route's. */
export interface RouteVia {
  /** The family of the gateway. */
  readonly family: AddressFamily;
  /** The gateway's address. */
  readonly address: string;
}

/** A nexthop of a multipath route. */
export interface RouteNexthop {
  /** The outgoing interface, 0 for none. */
  ifindex: number;
  /** Its weight, 1 to 256. */
  weight: number;
  /** RTNH_F_* bits. Source: linux/rtnetlink.h. */
  flags: number;
  /** The next hop's address. */
  gateway?: string | undefined;
  /** A gateway of another family. */
  via?: RouteVia;
  /** Routing realms, from << 16 | to. */
  realms?: number;
  /** The outgoing MPLS labels. */
  newDestination?: string;
  /** The encapsulation of packets. */
  encapsulation?: RouteEncapsulation;
}

/** Options of a nexthop of a multipath route. Source: ip-route(8). */
export interface NexthopSpec {
  /** The next hop's address. */
  readonly via?: string;
  /** The outgoing interface. */
  readonly dev?: string | number;
  /** Its weight, 1 to 256. */
  readonly weight?: number;
  /** Treat the next hop as directly reachable, regardless of addresses. */
  readonly onlink?: boolean;
  /** The encapsulation, in the words of ip-route(8): "mpls 100/200 ttl 5". */
  readonly encap?: string;
  /** The labels that replace the one of an MPLS route: "200/300". */
  readonly as?: string;
  /** Realms, as "FROM/TO" or "TO". */
  readonly realms?: string | number;
}

/** A gateway: RTA_GATEWAY, or RTA_VIA for the other family. */
interface Gateway {
  gateway?: string | undefined;
  via?: RouteVia;
}

/** The table entries of the gateway of a route or nexthop. */
export function gatewayFields<O extends Gateway>(): {
  readonly [Entry in "via" | "otherVia"]: ObjectAttribute<O, string>;
} {
  return {
    via: {
      ...ipAddress,
      common: true,
      field: "gateway",
      number: rt.RTA_GATEWAY,
      codec: ip,
      encode: writeVia,
      of: ({ gateway, via }) => gateway ?? via?.address,
      key: "gateway",
    },
    otherVia: {
      number: rt.RTA_VIA,
      codec: {
        // After struct rtvia.
        show: (value) => showAddress(value.subarray(rt.rtvia.size)),
      },
      decode(object, attribute) {
        object.via = decodeVia(attribute);
      },
      print(json, { via }) {
        if (via !== undefined) {
          json.via = { family: via.family, host: via.address };
        }
      },
    },
  };
}

function writeVia(
  body: AttributeWriter,
  via: string,
  { family }: Encoding,
): void {
  const { address } = sharedCidr(via, "via");
  const own = address.length === 16 ? AF_INET6 : AF_INET;
  if (own === family) {
    body.bytes(rt.RTA_GATEWAY, address);
    return;
  }
  const value = new Uint8Array(rt.rtvia.size + address.length);
  value.set(rt.rtvia.build({ rtvia_family: own }));
  value.set(address, rt.rtvia.size);
  body.bytes(rt.RTA_VIA, value);
}

function decodeVia(attributes: AttributeReader): RouteVia {
  const family = familyName(attributes.u16());
  const { bytes, at, length } = attributes;
  return {
    family,
    address: addressText(
      family,
      bytes,
      at + rt.rtvia.size,
      Math.max(0, length - rt.rtvia.size),
    ),
  };
}

const field = fieldsOf<RouteNexthop>();
const { encap, encapType } = encapsulationFields<RouteNexthop>(
  rt.RTA_ENCAP_TYPE,
  rt.RTA_ENCAP,
);

/** A nexthop of a multipath route: struct rtnexthop and its attributes. */
export const NEXTHOP: FieldTable<RouteNexthop, NexthopSpec> = new FieldTable<
  RouteNexthop,
  NexthopSpec
>({
  encap,
  encapType,
  as: field.attribute("newDestination", rt.RTA_NEWDST, ip, {
    ...labels,
    key: "to",
  }),
  ...gatewayFields<RouteNexthop>(),
  realms: field.attribute("realms", rt.RTA_FLOW, u32, {
    ...realms,
    key: "flow",
    json: realmsJson,
  }),
  dev: field.header("ifindex", "rtnh_ifindex", {
    ...device,
    key: "dev",
    json: (ifindex, _, { names }) => names.name(ifindex),
  }),
  weight: field.header("weight", "rtnh_hops", {
    ...wholeNumber(1, 256),
    toRaw: (weight) => weight - 1,
    key: "weight",
  }),
  flags: field.header("flags", "rtnh_flags", {
    key: "flags",
    json: routeFlags,
  }),
  onlink: field.bit("flags", rt.RTNH_F_ONLINK, {
    ...toggleWord,
  }),
});

/** How the `nexthops` option is parsed. */
export const nexthopList: Reader<readonly NexthopSpec[]> = {
  expected: "a list of nexthops",
  schema: { type: "array", minItems: 1, items: { $ref: "#/$defs/nexthop" } },
  read: (given) =>
    Array.isArray(given) && given.length > 0
      ? given.map((one) => readSpec("nexthop", NEXTHOP.options, one))
      : undefined,
};

/** Encodes RTA_MULTIPATH. */
export function writeNexthops(
  body: AttributeWriter,
  nexthops: readonly NexthopSpec[],
  encoding: Encoding,
): void {
  body.nest(rt.RTA_MULTIPATH, () => {
    for (const hop of nexthops) {
      const attributes = new AttributeWriter();
      const header = NEXTHOP.encodeAttributes(attributes, { ...hop }, encoding);
      const rtnh_len = rt.rtnexthop.size + attributes.length;
      body.raw(rt.rtnexthop.build({ ...header, rtnh_len }))
        .raw(attributes.finish());
    }
  }, true);
}

/** Decodes RTA_MULTIPATH: rtnexthop structs, each with its attributes. */
export function decodeNexthops(
  attributes: AttributeReader,
  family: AddressFamily,
): RouteNexthop[] {
  const { words } = attributes;
  const nexthops: RouteNexthop[] = [];
  const end = attributes.at + attributes.length;
  let at = attributes.at;
  while (end - at >= rt.rtnexthop.size) {
    const head = words[at >> 2]!;
    const length = head & 0xffff;
    if (length < rt.rtnexthop.size || length > end - at) {
      attributes.counters.malformed++;
      break;
    }
    const nexthop: RouteNexthop = {
      ifindex: words[(at >> 2) + 1]!,
      weight: (head >>> 24) + 1,
      flags: head >> 16 & 0xff,
    };
    const inner = attributes.enter();
    inner.reset(at + rt.rtnexthop.size, at + length);
    NEXTHOP.decodeAttributes(nexthop, inner, family);
    nexthops.push(nexthop);
    at += (length + 3) & ~3;
  }
  return nexthops;
}

/** Whether a route has the wanted nexthops, in any order. */
export function sameNexthops(
  is: readonly RouteNexthop[],
  wanted: readonly RouteNexthop[],
  given: readonly NexthopSpec[] = [],
): boolean {
  const rest = [...is];
  return wanted.length === is.length && wanted.every((way, at) => {
    const hop = { weight: way.weight, via: "", ...given[at] };
    const index = rest.findIndex((one) =>
      NEXTHOP.comparison(hop)(one, way, String).length === 0
    );
    if (index < 0) return false;
    rest.splice(index, 1);
    return true;
  });
}

/** Nexthops as text: "(via 192.0.2.2 dev eth0 weight 2, dev eth1)". */
export function nexthopsText(
  nexthops: readonly RouteNexthop[],
  nameOf: (ifindex: number) => string,
): string {
  const texts = nexthops.map(({ gateway, via, ifindex, weight }) => {
    const address = gateway ?? via?.address;
    return [
      ...address === undefined ? [] : [`via ${address}`],
      ...ifindex === 0 ? [] : [`dev ${nameOf(ifindex)}`],
      ...weight === 1 ? [] : [`weight ${weight}`],
    ].join(" ");
  });
  return `(${texts.join(", ")})`;
}

/** The nexthops of a multipath route in iproute2's JSON. */
export function nexthopsJson(
  nexthops: readonly RouteNexthop[],
  family: AddressFamily,
  context: JsonContext,
): JsonObject[] {
  return nexthops.map((hop) => {
    const json = NEXTHOP.json(hop, context);
    if (family === "mpls") delete json.weight;
    return json;
  });
}
