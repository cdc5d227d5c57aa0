// The monitor in C of the 2024 report, and what it makes of what it receives:
// its code written out again, with a limit where it had none.

import { IFLA_IFNAME } from "../../../ffi/layout/linux_if_link.ts";
import { NLMSG_ALIGN, nlmsghdr } from "../../../ffi/layout/linux_netlink.ts";
import { ifinfomsg } from "../../../ffi/layout/linux_rtnetlink.ts";

/** Rounds after which a loop over two messages is taken to be endless. */
export const ENDLESS = 1_000_000;

/**
 * Its loop over a datagram: how many rounds it takes, ENDLESS at most.
 *
 *     while (status >= sizeof(*h)) {
 *       int len = h->nlmsg_len;
 *       int l = len - sizeof(*h);
 *       if (l < 0 || len > status) {
 *         printf("Invalid message length: %i\n", len);
 *         continue;
 *       }
 *       ...
 *       status -= NLMSG_ALIGN(len);
 *       h = (struct nlmsghdr *)((char *)h + NLMSG_ALIGN(len));
 *     }
 */
export function walk(bytes: Uint8Array<ArrayBuffer>): number {
  const view = new DataView(bytes.buffer);
  let at = 0;
  let status = bytes.length;
  for (let round = 1; round <= ENDLESS; round++) {
    if (status < nlmsghdr.size) return round - 1;
    const length = view.getInt32(at, true);
    if (length - nlmsghdr.size < 0 || length > status) continue;
    status -= NLMSG_ALIGN(length);
    at += NLMSG_ALIGN(length);
  }
  return ENDLESS;
}

/** Its buffer, which every datagram is received into. */
const BUFFER = 8192;

/**
 * How it finds the name it prints: it takes every message for one about a link,
 * and keeps a pointer into its buffer where there was a name last.
 *
 *     ifi = (struct ifinfomsg *)NLMSG_DATA(h);
 *     parseRtattr(tb, IFLA_MAX, IFLA_RTA(ifi), h->nlmsg_len);
 *     if (tb[IFLA_IFNAME])
 *       ifName = (char *)RTA_DATA(tb[IFLA_IFNAME]);
 */
export class NameFinder {
  readonly #bytes = new Uint8Array(BUFFER);
  readonly #view = new DataView(this.#bytes.buffer);
  #name = -1;

  /** The name it prints for the message of a datagram. */
  nameFor(datagram: Uint8Array): string {
    this.#bytes.set(datagram);
    const attributes = nlmsghdr.size + ifinfomsg.size;
    const length = this.#view.getUint32(0, true);
    const at = this.#find(attributes, length);
    if (at >= 0) this.#name = at;
    if (this.#name < 0) return "";
    const rest = this.#bytes.subarray(this.#name);
    return new TextDecoder().decode(rest.subarray(0, rest.indexOf(0)));
  }

  #find(at: number, length: number): number {
    let found = -1;
    while (length >= 4 && at + 4 <= BUFFER) {
      const size = this.#view.getUint16(at, true);
      if (size < 4 || size > length) break;
      if (this.#view.getUint16(at + 2, true) === IFLA_IFNAME) found = at + 4;
      at += NLMSG_ALIGN(size);
      length -= NLMSG_ALIGN(size);
    }
    return found;
  }
}
