// Types of link layer, and the text form of their addresses.

import {
  ARPHRD_IP6GRE,
  ARPHRD_IPGRE,
  ARPHRD_SIT,
  ARPHRD_TUNNEL,
  ARPHRD_TUNNEL6,
} from "../../../ffi/uapi/linux_if_arp.ts";
import { formatIPv4, formatIPv6 } from "../../net/ip_address.ts";
import { formatLinkAddress } from "../../net/link_address.ts";

/** The address of a link as text; an IP address for a tunnel. */
export function linkLayerAddress(
  type: number,
  bytes: Uint8Array,
  at: number,
  length: number,
): string {
  if (
    length === 4 &&
    (type === ARPHRD_TUNNEL || type === ARPHRD_SIT || type === ARPHRD_IPGRE)
  ) return formatIPv4(bytes, at);
  if (length === 16 && (type === ARPHRD_TUNNEL6 || type === ARPHRD_IP6GRE)) {
    return formatIPv6(bytes, at);
  }
  return formatLinkAddress(bytes, at, length);
}
