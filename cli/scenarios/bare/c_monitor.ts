// The monitor in C of the 2024 report, and what it makes of what it receives:
// its ways followed step by step, with a limit where it had none.

import { IFLA_IFNAME } from "../../../ffi/uapi/linux_if_link.ts";
import { NLMSG_ALIGN, nlmsghdr } from "../../../ffi/uapi/linux_netlink.ts";
import { ifinfomsg } from "../../../ffi/uapi/linux_rtnetlink.ts";

/** Rounds after which a loop over two messages is taken to be endless. */
export const ENDLESS = 1_000_000;

/**
 * Its loop over a datagram: how many rounds it takes, ENDLESS at most. While a
 * header still fits, it looks at the length in it; one that cannot be right it
 * complains of and goes on, but at the same place.
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
 * How it finds the name it prints. It takes every message for one about a link:
 * looks for attributes behind a struct ifinfomsg, for as many bytes as the
 * message is long with its header, and keeps a pointer to what it takes for
 * IFLA_IFNAME, also when the next message is received over it.
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
