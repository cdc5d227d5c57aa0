// rtnetlink as a C program uses it: one socket, send, receive, no questions
// asked. Everything is over when a call returns, so that a change can be made
// between two receives of one dump.

import { SystemError } from "../../../ffi/errno.ts";
import { errno, libc, unwrap } from "../../../ffi/libc.ts";
import {
  IFLA_GROUP,
  IFLA_IFNAME,
  IFLA_INFO_DATA,
  IFLA_INFO_KIND,
  IFLA_LINKINFO,
} from "../../../ffi/uapi/linux_if_link.ts";
import {
  NETLINK_ROUTE,
  NLM_F_ACK,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLM_F_EXCL,
  NLM_F_REQUEST,
  NLMSG_DONE,
  NLMSG_ERROR,
  nlmsghdr,
} from "../../../ffi/uapi/linux_netlink.ts";
import {
  ifinfomsg,
  RTM_DELLINK,
  RTM_GETLINK,
  RTM_NEWLINK,
} from "../../../ffi/uapi/linux_rtnetlink.ts";
import { VETH_INFO_PEER } from "../../../ffi/uapi/linux_veth.ts";
import {
  AF_NETLINK,
  MSG_DONTWAIT,
  SOCK_CLOEXEC,
  SOCK_RAW,
} from "../../../ffi/uapi/sys_socket.ts";
import { inNamespace, type Namespace } from "../../../lib/netns/namespace.ts";
import { AttributeWriter } from "../../../lib/netlink/attribute_writer.ts";
import { NetlinkBuffer } from "../../../lib/netlink/buffer.ts";
import { MessageReader } from "../../../lib/netlink/message.ts";

/** What a dump gave to a program that takes it as it comes. */
export interface BareDump {
  /** The names of the links, in the order they came. */
  readonly names: string[];
  /** Whether the kernel set NLM_F_DUMP_INTR. */
  readonly interrupted: boolean;
  /** How many datagrams it took. */
  readonly parts: number;
}

/** The size of buffer that examples of such programs have. */
const BUFFER = 8192;

export class BareNetlink implements AsyncDisposable {
  readonly #fd: number;
  readonly #buffer = new NetlinkBuffer(BUFFER);
  #sequence = 0;

  constructor(namespace?: Namespace) {
    const type = SOCK_RAW | SOCK_CLOEXEC;
    this.#fd = inNamespace(
      namespace,
      () => unwrap(libc().socket(AF_NETLINK, type, NETLINK_ROUTE), "socket"),
    );
  }

  /** Makes a veth pair; with `index` the first end gets it, the other the next. */
  addVeth(
    name: string,
    peer: string,
    { index = 0, group = 0 }: { index?: number; group?: number } = {},
  ): void {
    const body = new AttributeWriter()
      .raw(ifinfomsg.build({ ifi_index: index }))
      .string(IFLA_IFNAME, name)
      .u32(IFLA_GROUP, group)
      .nest(
        IFLA_LINKINFO,
        (info) =>
          info.text(IFLA_INFO_KIND, "veth").nest(
            IFLA_INFO_DATA,
            (data) =>
              data.nest(VETH_INFO_PEER, (other) =>
                other
                  .raw(ifinfomsg.build({ ifi_index: index && index + 1 }))
                  .string(IFLA_IFNAME, peer)),
          ),
      );
    this.#request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, body.finish());
  }

  /** Deletes a link, with its other end. */
  deleteLink(name: string): void {
    const body = new AttributeWriter()
      .raw(ifinfomsg.build({}))
      .string(IFLA_IFNAME, name);
    this.#request(RTM_DELLINK, 0, body.finish());
  }

  /** Deletes the links of a group at once. */
  deleteGroup(group: number): void {
    const body = new AttributeWriter()
      .raw(ifinfomsg.build({}))
      .u32(IFLA_GROUP, group);
    this.#request(RTM_DELLINK, 0, body.finish());
  }

  /** Lists the links; `between` is called after each datagram but the last. */
  dumpLinks(between: (part: number) => void = () => {}): BareDump {
    this.#send(RTM_GETLINK, NLM_F_DUMP, ifinfomsg.build({}));
    const names: string[] = [];
    let interrupted = false;
    for (let part = 1;; part++) {
      const message = this.#receive();
      while (message.next()) {
        if (message.flags & NLM_F_DUMP_INTR) interrupted = true;
        if (message.type === NLMSG_DONE) {
          return { names, interrupted, parts: part };
        }
        names.push(nameOf(message));
      }
      between(part);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    libc().close(this.#fd);
    return Promise.resolve();
  }

  #request(type: number, flags: number, body: Uint8Array): void {
    this.#send(type, flags | NLM_F_ACK, body);
    const message = this.#receive();
    while (message.next()) {
      if (message.type !== NLMSG_ERROR) continue;
      const code = -message.view.getInt32(message.payload, true);
      if (code !== 0) throw new SystemError("rtnetlink", code);
      return;
    }
    throw new Error("no acknowledgement");
  }

  #send(type: number, flags: number, body: Uint8Array): void {
    const message = new Uint8Array(nlmsghdr.size + body.length);
    message.set(nlmsghdr.build({
      nlmsg_len: message.length,
      nlmsg_type: type,
      nlmsg_flags: NLM_F_REQUEST | flags,
      nlmsg_seq: ++this.#sequence,
    }));
    message.set(body, nlmsghdr.size);
    const { send } = libc();
    unwrap(send(this.#fd, message, BigInt(message.length), 0), "send");
  }

  // The kernel answers within send() and receive: nothing to wait for.
  #receive(): MessageReader {
    const { bytes } = this.#buffer;
    const { recv } = libc();
    const length = recv(this.#fd, bytes, BigInt(bytes.length), MSG_DONTWAIT);
    if (length < 0) throw new SystemError("recv", errno());
    const reader = new MessageReader(this.#buffer);
    reader.reset(0, length);
    return reader;
  }
}

function nameOf(message: MessageReader): string {
  const attributes = message.attributes(ifinfomsg.size);
  while (attributes.next()) {
    if (attributes.type === IFLA_IFNAME) return attributes.string();
  }
  return "";
}
