// Which VRF (l3mdev) an interface belongs to, in the namespace of a socket.
//
// A socket that is bound to no interface receives from every VRF where
// net.ipv4.udp_l3mdev_accept is 1, and sends by the routes of the default one
// unless the packet info names an interface of the VRF.
//
// Source: Documentation/networking/vrf.rst, rtnetlink(7).

import { ENOBUFS } from "../../ffi/errno.ts";
import { errno, libc } from "../../ffi/libc.ts";
import {
  IFLA_INFO_KIND,
  IFLA_LINKINFO,
  IFLA_MASTER,
} from "../../ffi/uapi/linux_if_link.ts";
import {
  NETLINK_ROUTE,
  NLM_F_REQUEST,
  nlmsghdr,
  sockaddr_nl,
} from "../../ffi/uapi/linux_netlink.ts";
import {
  ifinfomsg,
  RTM_GETLINK,
  RTM_NEWLINK,
  RTNLGRP_LINK,
} from "../../ffi/uapi/linux_rtnetlink.ts";
import {
  AF_NETLINK,
  MSG_DONTWAIT,
  SO_BINDTOIFINDEX,
  SOCK_RAW,
  SOL_SOCKET,
} from "../../ffi/uapi/sys_socket.ts";
import { monotonicTime } from "../io/clock.ts";
import { closeOwned, ownDescriptor } from "../io/thread_descriptors.ts";
import { netlinkAttributes, netlinkString } from "./netlink_attributes.ts";
import { openBeside } from "./open.ts";
import { tryGetOption } from "./option.ts";

/** Milliseconds between two reads of notifications. */
const FRESH = 1;

const BUFFER = new Uint8Array(32 * 1024);
const VIEW = new DataView(BUFFER.buffer);
const BUFFER_SIZE = BigInt(BUFFER.length);
const REQUEST_SIZE = nlmsghdr.size + ifinfomsg.size;

/** The master and kind of an interface. */
interface LinkState {
  /** The interface that it is a port of; 0 for none. */
  readonly master: number;
  readonly isVrf: boolean;
}

/** Of an interface that is gone. */
const NO_LINK: LinkState = { master: 0, isVrf: false };

function readLink(end: number): LinkState {
  let master = 0;
  let isVrf = false;
  const start = nlmsghdr.size + ifinfomsg.size;
  for (const link of netlinkAttributes(VIEW, start, end)) {
    if (link.type === IFLA_MASTER) master = VIEW.getUint32(link.value, true);
    if (link.type !== IFLA_LINKINFO) continue;
    for (const info of netlinkAttributes(VIEW, link.value, link.end)) {
      if (info.type !== IFLA_INFO_KIND) continue;
      isVrf = netlinkString(BUFFER.subarray(info.value, info.end)) === "vrf";
    }
  }
  return { master, isVrf };
}

/** The VRFs of a socket's namespace. Notifications of links keep it up to date. */
export class VrfTable {
  /** A netlink socket; -1 where none can be opened, or none is needed. */
  readonly #fd: number;
  /** The VRF of each interface that was looked up. */
  readonly #vrfs = new Map<number, number>();
  #sequence = 0;
  #checked = -Infinity;
  // The last interface that was looked up, which the next is most often.
  #ifindex = -1;
  #vrf = 0;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /**
   * Opens the table of a socket's namespace. A socket that is bound to an
   * interface sends by the routes of its VRF and does not need one.
   */
  static open(socket: number): VrfTable {
    const bound = tryGetOption(socket, SOL_SOCKET, SO_BINDTOIFINDEX) ?? 0;
    if (bound !== 0) return new VrfTable(-1);
    const fd = openBeside(socket, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
    if (fd === undefined) return new VrfTable(-1);
    const name = sockaddr_nl.build({
      nl_family: AF_NETLINK,
      nl_groups: 1 << (RTNLGRP_LINK - 1),
    });
    if (libc().bind(fd, name, name.length) < 0) {
      libc().close(fd);
      return new VrfTable(-1);
    }
    return new VrfTable(ownDescriptor(fd));
  }

  /** Discards what changed links invalidate; at most once a millisecond. */
  refresh(): void {
    if (this.#fd < 0) return;
    const now = monotonicTime();
    if (now - this.#checked < FRESH) return;
    this.#checked = now;
    while (this.#receive() !== 0) this.#forget();
  }

  /** The index of the VRF that an interface belongs to, or is; 0 for none. */
  vrfOf(ifindex: number): number {
    if (ifindex === this.#ifindex) return this.#vrf;
    if (this.#fd < 0 || ifindex <= 0) return 0;
    const vrf = this.#vrfs.get(ifindex) ?? this.#find(ifindex);
    // The read failed, for example for lack of memory: the next reply repeats it.
    if (vrf === undefined) return 0;
    this.#vrfs.set(ifindex, vrf);
    this.#ifindex = ifindex;
    return this.#vrf = vrf;
  }

  close(): void {
    if (this.#fd >= 0) closeOwned(this.#fd);
  }

  #forget(): void {
    this.#vrfs.clear();
    this.#ifindex = -1;
  }

  #find(ifindex: number): number | undefined {
    const link = this.#read(ifindex);
    if (link === undefined) return undefined;
    if (link.isVrf) return ifindex;
    if (link.master === 0) return 0;
    const master = this.#read(link.master);
    return master === undefined ? undefined : master.isVrf ? link.master : 0;
  }

  #read(ifindex: number): LinkState | undefined {
    const request = new Uint8Array(REQUEST_SIZE);
    const view = new DataView(request.buffer);
    const sequence = ++this.#sequence;
    nlmsghdr.assign(view, 0, {
      nlmsg_len: REQUEST_SIZE,
      nlmsg_type: RTM_GETLINK,
      nlmsg_flags: NLM_F_REQUEST,
      nlmsg_seq: sequence,
    });
    ifinfomsg.assign(view, nlmsghdr.size, { ifi_index: ifindex });
    const { send } = libc();
    const size = BigInt(REQUEST_SIZE);
    if (send(this.#fd, request, size, MSG_DONTWAIT) < 0) return undefined;
    // The reply is queued when send(2) returns.
    for (let length = this.#receive(); length !== 0; length = this.#receive()) {
      const end = Math.min(length, VIEW.getUint32(0, true));
      const header = nlmsghdr.get(VIEW, 0);
      if (length < nlmsghdr.size || header.nlmsg_seq !== sequence) {
        // A notification: what was read before may not be true any more.
        this.#forget();
        continue;
      }
      return header.nlmsg_type === RTM_NEWLINK ? readLink(end) : NO_LINK;
    }
    return undefined;
  }

  /** Receives one message; 0 if none is queued, -1 if the kernel dropped some. */
  #receive(): number {
    const length = libc().recv(this.#fd, BUFFER, BUFFER_SIZE, MSG_DONTWAIT);
    if (length >= 0) return length;
    return errno() === ENOBUFS ? -1 : 0;
  }
}
