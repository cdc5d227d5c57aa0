// Attributes of netlink messages in any memory, for the few requests of sockets
// and devices, and for errors. lib/netlink/attribute.ts is faster, for dumps.

import {
  NLA_ALIGN,
  NLA_HDRLEN,
  NLA_TYPE_MASK,
} from "../../ffi/uapi/linux_netlink.ts";

/** An attribute, by byte offsets. */
export interface NetlinkAttribute {
  readonly type: number;
  /** Offset of its header. */
  readonly start: number;
  /** Offset of its value. */
  readonly value: number;
  /** End of its value, without padding. */
  readonly end: number;
}

/** The complete attributes of one level. Source: netlink(7). */
export function netlinkAttributes(
  view: DataView,
  start: number,
  end: number,
): NetlinkAttribute[] {
  const found: NetlinkAttribute[] = [];
  let at = start;
  while (end - at >= NLA_HDRLEN) {
    const length = view.getUint16(at, true);
    if (length < NLA_HDRLEN || length > end - at) break;
    const type = view.getUint16(at + 2, true) & NLA_TYPE_MASK;
    found.push({ type, start: at, value: at + NLA_HDRLEN, end: at + length });
    at += NLA_ALIGN(length);
  }
  return found;
}

const decoder = new TextDecoder();

/** The string in a value, up to its NUL. */
export function netlinkString(value: Uint8Array): string {
  return decoder.decode(value).replace(/\0.*$/s, "");
}
