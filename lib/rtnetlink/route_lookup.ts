// Route lookups: RTM_GETROUTE for one destination. Source: ip-route(8), "ip route
// get"; rtnetlink(7).

import * as rt from "../../ffi/uapi/linux_rtnetlink.ts";
import { AF_INET, AF_INET6 } from "../../ffi/uapi/sys_socket.ts";
import { ArgumentError } from "../errors.ts";
import { parseAddress } from "../net/ip_address.ts";
import { AttributeWriter } from "../netlink/attribute_writer.ts";
import type { NetlinkRequest } from "../netlink/transaction.ts";
import { ipProtocol, tos, u32 } from "./spec/named_number.ts";
import { type Reader, take, wholeNumber } from "./spec/value.ts";

/** A packet whose route is looked up. Source: ip-route(8), "ip route get". */
export interface RouteLookup {
  /** The source address. */
  readonly from?: string | undefined;
  /** The link that the packet arrives on, for a forwarded packet. */
  readonly iif?: string | number | undefined;
  /** The link that the packet leaves through. */
  readonly oif?: string | number | undefined;
  /** The packet mark. */
  readonly mark?: number | undefined;
  /** The type of service. */
  readonly tos?: number | undefined;
  /** The user of the socket. */
  readonly uid?: number | undefined;
  /** The protocol: "tcp", 17; the kernel supports TCP, UDP and ICMP. */
  readonly protocol?: number | string | undefined;
  /** The source port; needs `protocol`. */
  readonly sport?: number | undefined;
  /** The destination port; needs `protocol`. */
  readonly dport?: number | undefined;
  /** The IPv6 flow label; since Linux 6.14. */
  readonly flowlabel?: number | undefined;
  /** Return the matching route of the table instead of the result. */
  readonly fibMatch?: boolean | undefined;
}

const port = wholeNumber(0, 65535);
const LABEL = wholeNumber(0, 0xf_ffff);

/**
 * The request of a lookup.
 *
 * @param destination The address that is looked up.
 * @param iif The ifindex of the incoming link.
 * @param oif The ifindex of the outgoing link.
 * @throws {ArgumentError} If a value is invalid.
 */
export function lookupRequest(
  destination: string,
  lookup: RouteLookup,
  iif: number | undefined,
  oif: number | undefined,
): NetlinkRequest {
  const { address } = parseAddress(destination, "destination");
  const isIPv4 = address.length === 4;
  const source = lookup.from === undefined
    ? undefined
    : parseAddress(lookup.from, "from").address;
  if (source !== undefined && source.length !== address.length) {
    throw new ArgumentError(
      "from",
      lookup.from,
      "of the same IP version as the destination",
    );
  }
  const read = <T>(word: keyof RouteLookup, reader: Reader<T>) =>
    lookup[word] === undefined ? undefined : take(word, lookup[word], reader);
  const body = new AttributeWriter().raw(rt.rtmsg.build({
    rtm_family: isIPv4 ? AF_INET : AF_INET6,
    rtm_dst_len: address.length * 8,
    rtm_src_len: (source?.length ?? 0) * 8,
    rtm_tos: read("tos", tos) ?? 0,
    // Only IPv4 has RTM_F_LOOKUP_TABLE.
    rtm_flags: (isIPv4 ? rt.RTM_F_LOOKUP_TABLE : 0) |
      (lookup.fibMatch ? rt.RTM_F_FIB_MATCH : 0),
  })).bytes(rt.RTA_DST, address);
  if (source !== undefined) body.bytes(rt.RTA_SRC, source);
  if (iif !== undefined) body.u32(rt.RTA_IIF, iif);
  if (oif !== undefined) body.u32(rt.RTA_OIF, oif);
  const mark = read("mark", u32);
  if (mark !== undefined) body.u32(rt.RTA_MARK, mark);
  const uid = read("uid", u32);
  if (uid !== undefined) body.u32(rt.RTA_UID, uid);
  const protocol = read("protocol", ipProtocol);
  if (protocol !== undefined) body.u8(rt.RTA_IP_PROTO, protocol);
  const sport = read("sport", port);
  if (sport !== undefined) body.be16(rt.RTA_SPORT, sport);
  const dport = read("dport", port);
  if (dport !== undefined) body.be16(rt.RTA_DPORT, dport);
  const flowlabel = read("flowlabel", LABEL);
  if (flowlabel !== undefined) body.be32(rt.newer.RTA_FLOWLABEL, flowlabel);
  return {
    type: rt.RTM_GETROUTE,
    body: body.finish(),
    tried: `look up the route to ${destination}`,
  };
}
