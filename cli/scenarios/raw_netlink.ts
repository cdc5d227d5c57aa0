// rtnetlink as in a simple C program: one socket, blocking calls,
// NLM_F_DUMP_INTR ignored. Each call ends before the next change, so links can
// be changed between two receives of a dump.

import {
  MessageReader,
  type Namespace,
  type NetlinkRequest,
} from "../../lib/netlink/mod.ts";
import type { Change } from "../../lib/rtnetlink/mod.ts";
import { SystemError } from "../../ffi/errno.ts";
import { libc, unwrap } from "../../ffi/libc.ts";
import { IFLA_IFNAME } from "../../ffi/uapi/linux_if_link.ts";
import {
  NETLINK_ROUTE,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLMSG_DONE,
  NLMSG_ERROR,
} from "../../ffi/uapi/linux_netlink.ts";
import { ifinfomsg, RTM_GETLINK } from "../../ffi/uapi/linux_rtnetlink.ts";
import { MSG_DONTWAIT } from "../../ffi/uapi/sys_socket.ts";
import type { Descriptor } from "../../lib/io/descriptor.ts";
import { NetlinkBuffer } from "../../lib/netlink/buffer.ts";
import { requestBytes } from "../../lib/netlink/describe.ts";
import { openNetlinkSocket } from "../../lib/netlink/socket.ts";
import { NUMBERED } from "../../lib/rtnetlink/changes/change.ts";

/** A dump as a program sees it that ignores NLM_F_DUMP_INTR. */
export interface RawDump {
  /** The names of the links, in the order of the kernel. */
  readonly names: string[];
  /** Whether the kernel set NLM_F_DUMP_INTR. */
  readonly interrupted: boolean;
  /** The number of datagrams. */
  readonly datagrams: number;
}

/** The usual size in examples. */
const BUFFER = 8192;

export class RawNetlink implements AsyncDisposable {
  readonly #socket: Descriptor;
  readonly #buffer = new NetlinkBuffer(BUFFER);

  constructor(namespace?: Namespace) {
    this.#socket = openNetlinkSocket({ protocol: NETLINK_ROUTE, namespace });
  }

  /** Makes a change that names no existing link. */
  apply(change: Change): void {
    for (const request of change.requests(NUMBERED)) {
      this.#send(request);
      const message = this.#receive();
      while (message.next()) {
        if (message.type !== NLMSG_ERROR) continue;
        const code = -message.view.getInt32(message.payload, true);
        if (code !== 0) throw new SystemError("rtnetlink", code);
      }
    }
  }

  /** Lists the links; calls `between` after each datagram but the last. */
  dumpLinks(between: (datagram: number) => void = () => {}): RawDump {
    const body = ifinfomsg.build({});
    this.#send({ type: RTM_GETLINK, flags: NLM_F_DUMP, body });
    const names: string[] = [];
    let interrupted = false;
    for (let datagrams = 1;; datagrams++) {
      const message = this.#receive();
      while (message.next()) {
        if (message.flags & NLM_F_DUMP_INTR) interrupted = true;
        if (message.type === NLMSG_DONE) {
          return { names, interrupted, datagrams };
        }
        names.push(nameOf(message));
      }
      between(datagrams);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#socket.close();
  }

  #send(request: NetlinkRequest): void {
    const bytes = requestBytes(request);
    const { send } = libc();
    unwrap(send(this.#socket.fd, bytes, BigInt(bytes.length), 0), "send");
  }

  // The kernel has replied when send() or the last receive returns.
  #receive(): MessageReader {
    const length = receiveDatagram(this.#socket.fd, this.#buffer.bytes);
    const reader = new MessageReader(this.#buffer);
    reader.reset(0, length);
    return reader;
  }
}

/** Receives a queued datagram; returns its length. */
export function receiveDatagram(
  fd: number,
  bytes: Uint8Array<ArrayBuffer>,
): number {
  const { recv } = libc();
  return unwrap(recv(fd, bytes, BigInt(bytes.length), MSG_DONTWAIT), "recv");
}

function nameOf(message: MessageReader): string {
  const attributes = message.attributes(ifinfomsg.size);
  while (attributes.next()) {
    if (attributes.type === IFLA_IFNAME) return attributes.string();
  }
  return "";
}
