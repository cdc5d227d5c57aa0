// Two functions of the C monitor of the 2024 report, step by step.

import { IFLA_IFNAME } from "../../ffi/uapi/linux_if_link.ts";
import { NLMSG_ALIGN, nlmsghdr } from "../../ffi/uapi/linux_netlink.ts";
import { ifinfomsg } from "../../ffi/uapi/linux_rtnetlink.ts";

/** Iterations after which a loop over two messages counts as endless. */
export const ENDLESS = 1_000_000;

/**
 * The loop over the messages of a datagram; returns the number of iterations,
 * ENDLESS at most. On an invalid length it prints an error and continues without
 * advancing.
 */
export function iterate(bytes: Uint8Array<ArrayBuffer>): number {
  const view = new DataView(bytes.buffer);
  let at = 0;
  let left = bytes.length;
  for (let iteration = 1; iteration <= ENDLESS; iteration++) {
    if (left < nlmsghdr.size) return iteration - 1;
    const length = view.getInt32(at, true);
    if (length - nlmsghdr.size < 0 || length > left) continue;
    left -= NLMSG_ALIGN(length);
    at += NLMSG_ALIGN(length);
  }
  return ENDLESS;
}

/** The size of its receive buffer. */
const BUFFER = 8192;

/**
 * How it finds an interface name: it reads attributes behind a struct ifinfomsg
 * in messages of every type, for the whole length of the message including the
 * header, and keeps a pointer to the IFLA_IFNAME it finds when the next message
 * overwrites the buffer.
 */
export class NameFinder {
  readonly #bytes = new Uint8Array(BUFFER);
  readonly #view = new DataView(this.#bytes.buffer);
  #name = -1;

  /** The name it prints for a message. */
  nameFor(message: Uint8Array): string {
    this.#bytes.set(message);
    const attributes = nlmsghdr.size + ifinfomsg.size;
    const found = this.#find(attributes, this.#view.getUint32(0, true));
    if (found >= 0) this.#name = found;
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
