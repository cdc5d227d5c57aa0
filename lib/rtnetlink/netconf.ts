// Per-link settings of IP: RTM_NEWNETCONF. Source: ip-netconf(8),
// linux/netconf.h.

import * as nc from "../../ffi/uapi/linux_netconf.ts";
import { RTM_GETNETCONF } from "../../ffi/uapi/linux_rtnetlink.ts";
import { AttributeWriter } from "../netlink/attribute_writer.ts";
import type { MessageReader } from "../netlink/message.ts";
import type { NetlinkRequest } from "../netlink/transaction.ts";
import { type AddressFamily, familyName, familyNumber } from "./family.ts";

/** The IP settings of a link, of all links, or of links to come. */
export interface Netconf {
  /** "inet", "inet6" or "mpls". */
  readonly family: AddressFamily;
  /** The link; -1 for all, -2 for the default of new links. */
  ifindex: number;
  /** The settings by iproute2's keys, in iproute2's order. */
  readonly values: Map<string, number>;
}

const KEYS: readonly (readonly [key: string, attribute: number])[] = [
  ["forwarding", nc.NETCONFA_FORWARDING],
  ["rp_filter", nc.NETCONFA_RP_FILTER],
  ["mc_forwarding", nc.NETCONFA_MC_FORWARDING],
  ["proxy_neigh", nc.NETCONFA_PROXY_NEIGH],
  [
    "ignore_routes_with_linkdown",
    nc.NETCONFA_IGNORE_ROUTES_WITH_LINKDOWN,
  ],
  ["input", nc.NETCONFA_INPUT],
];

/** The request for the settings of a family. */
export function netconfRequest(family: AddressFamily): NetlinkRequest {
  return {
    type: RTM_GETNETCONF,
    body: new AttributeWriter()
      .raw(nc.netconfmsg.build({ ncm_family: familyNumber(family) })).finish(),
    tried: "show IP settings of links",
  };
}

/** Decodes settings; undefined if the message is truncated. */
export function decodeNetconf(message: MessageReader): Netconf | undefined {
  if (!message.holds(nc.netconfmsg.size)) return undefined;
  const family = familyName(message.bytes[message.payload]!);
  const numbers = new Map<number, number>();
  const attributes = message.attributes(nc.netconfmsg.size);
  while (attributes.next()) numbers.set(attributes.type, attributes.i32());
  const values = new Map<string, number>();
  for (const [key, attribute] of KEYS) {
    const value = numbers.get(attribute);
    if (value !== undefined) values.set(key, value);
  }
  return { family, ifindex: numbers.get(nc.NETCONFA_IFINDEX) ?? 0, values };
}
