// A synchronous rtnetlink request about one link: the kernel handles
// RTM_GETLINK and RTM_SETLINK inside send(2).

import { EINTR, ENODEV, EPERM, SystemError } from "../../ffi/errno.ts";
import { errno, libc, unwrap } from "../../ffi/libc.ts";
import {
  IFLA_EXT_MASK,
  IFLA_IFNAME,
  IFLA_INFO_DATA,
  IFLA_INFO_KIND,
  IFLA_LINKINFO,
} from "../../ffi/uapi/linux_if_link.ts";
import {
  IFLA_TUN_GROUP,
  IFLA_TUN_NUM_DISABLED_QUEUES,
  IFLA_TUN_NUM_QUEUES,
  IFLA_TUN_OWNER,
  IFLA_TUN_PERSIST,
  IFLA_TUN_PI,
  IFLA_TUN_VNET_HDR,
} from "../../ffi/uapi/linux_if_link_kinds.ts";
import {
  NETLINK_EXT_ACK,
  NETLINK_ROUTE,
  NLA_HDRLEN,
  NLM_F_ACK,
  NLM_F_ACK_TLVS,
  NLM_F_CAPPED,
  NLM_F_REQUEST,
  NLMSG_ERROR,
  NLMSG_HDRLEN,
  nlmsgerr,
  NLMSGERR_ATTR_MSG,
  nlmsghdr,
  SOL_NETLINK,
} from "../../ffi/uapi/linux_netlink.ts";
import {
  ifinfomsg,
  RTEXT_FILTER_SKIP_STATS,
  RTM_GETLINK,
  RTM_NEWLINK,
  RTM_SETLINK,
} from "../../ffi/uapi/linux_rtnetlink.ts";
import {
  AF_NETLINK,
  MSG_DONTWAIT,
  SOCK_CLOEXEC,
  SOCK_RAW,
} from "../../ffi/uapi/sys_socket.ts";
import {
  type NetlinkAttribute,
  netlinkAttributes,
  netlinkString,
} from "../socket/netlink_attributes.ts";

/** Larger than any message about one link. */
const LARGEST_REPLY = 32 << 10;
const ONE = new Uint8Array(new Int32Array([1]).buffer);
const encoder = new TextEncoder();

/** The state of a TUN or TAP device, in use or not. */
export interface HeldDevice {
  /** The number of attached descriptors, including detached queues. */
  readonly queues: number;
  readonly packetInformation: boolean;
  /** Whether struct virtio_net_hdr precedes each packet. */
  readonly header: boolean;
  readonly persistent: boolean;
  readonly owner: number | undefined;
  readonly group: number | undefined;
}

/** The string in an attribute. */
function stringOf(view: DataView, { value, end }: NetlinkAttribute): string {
  const { buffer, byteOffset } = view;
  return netlinkString(new Uint8Array(buffer, byteOffset + value, end - value));
}

/** struct ifinfomsg and attributes; IFLA_IFNAME names the interface. */
function request(
  type: number,
  flags: number,
  name: string,
  head: { readonly ifi_flags?: number; readonly ifi_change?: number } = {},
): Uint8Array<ArrayBuffer> {
  const text = encoder.encode(`${name}\0`);
  const attributesAt = NLMSG_HDRLEN + ifinfomsg.size;
  const nameLength = NLA_HDRLEN + text.length;
  const maskAt = attributesAt + ((nameLength + 3) & ~3);
  const bytes = new Uint8Array(maskAt + 8);
  const view = new DataView(bytes.buffer);
  nlmsghdr.assign(view, 0, {
    nlmsg_len: bytes.length,
    nlmsg_type: type,
    nlmsg_flags: NLM_F_REQUEST | flags,
    nlmsg_seq: 1,
  });
  ifinfomsg.assign(view, NLMSG_HDRLEN, head);
  view.setUint16(attributesAt, nameLength, true);
  view.setUint16(attributesAt + 2, IFLA_IFNAME, true);
  bytes.set(text, attributesAt + NLA_HDRLEN);
  view.setUint16(maskAt, 8, true);
  view.setUint16(maskAt + 2, IFLA_EXT_MASK, true);
  view.setUint32(maskAt + 4, RTEXT_FILTER_SKIP_STATS, true);
  return bytes;
}

/**
 * Sends a request in the namespace of the calling thread; returns the reply.
 */
function exchange(bytes: Uint8Array<ArrayBuffer>, tried: string): DataView {
  const { socket, setsockopt, send, recv, close } = libc();
  const fd = unwrap(
    socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE),
    "socket",
    { tried },
  );
  try {
    // Without it, only the kernel's message is missing.
    setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, ONE, 4);
    const reply = new Uint8Array(LARGEST_REPLY);
    const call = (name: string, attempt: () => number) => {
      for (;;) {
        const result = attempt();
        if (result >= 0) return result;
        const code = errno();
        if (code !== EINTR) throw new SystemError(name, code, { tried });
      }
    };
    call("send", () => send(fd, bytes, BigInt(bytes.length), 0));
    const length = call(
      "recv",
      () => recv(fd, reply, BigInt(reply.length), MSG_DONTWAIT),
    );
    return new DataView(reply.buffer, 0, length);
  } finally {
    close(fd);
  }
}

/** The errno of a reply, 0 for success, and the kernel's message. */
function outcome(reply: DataView): { code: number; detail?: string } {
  const { nlmsg_type, nlmsg_flags } = nlmsghdr.get(reply, 0);
  if (nlmsg_type !== NLMSG_ERROR) return { code: 0 };
  const { error, msg } = nlmsgerr.get(reply, NLMSG_HDRLEN);
  if ((nlmsg_flags & NLM_F_ACK_TLVS) === 0) return { code: -error };
  const echoed = (nlmsg_flags & NLM_F_CAPPED) === 0
    ? msg.nlmsg_len
    : NLMSG_HDRLEN;
  const start = NLMSG_HDRLEN + 4 + ((echoed + 3) & ~3);
  for (const found of netlinkAttributes(reply, start, reply.byteLength)) {
    if (found.type !== NLMSGERR_ATTR_MSG) continue;
    return { code: -error, detail: stringOf(reply, found) };
  }
  return { code: -error };
}

/**
 * Sets the interface flags selected by `change`.
 *
 * Source: rtnetlink(7), ifi_change.
 *
 * @throws {SystemError} ENODEV, EPERM ...
 */
export function setLinkFlags(
  name: string,
  flags: number,
  change: number,
  tried: string,
): void {
  const head = { ifi_flags: flags, ifi_change: change };
  const reply = exchange(request(RTM_SETLINK, NLM_F_ACK, name, head), tried);
  const { code, detail } = outcome(reply);
  if (code === 0) return;
  throw new SystemError("RTM_SETLINK", code, {
    tried,
    detail,
    ...(code === EPERM
      ? {
        capability: "CAP_NET_ADMIN",
        advice: "Run as root or grant CAP_NET_ADMIN",
      }
      : code === ENODEV
      ? { advice: "There is no such interface in this namespace" }
      : {}),
  });
}

/**
 * The TUN or TAP device with a name in the namespace of the calling thread;
 * undefined if it does not exist, or for other kinds of links.
 */
export function heldDevice(name: string): HeldDevice | undefined {
  const tried = `read the settings of ${name}`;
  const reply = exchange(request(RTM_GETLINK, 0, name), tried);
  const { nlmsg_len, nlmsg_type } = nlmsghdr.get(reply, 0);
  if (nlmsg_type !== RTM_NEWLINK) return undefined;
  const start = NLMSG_HDRLEN + ifinfomsg.size;
  const end = Math.min(nlmsg_len, reply.byteLength);
  for (const found of netlinkAttributes(reply, start, end)) {
    if (found.type === IFLA_LINKINFO) {
      return tunSettings(reply, found.value, found.end);
    }
  }
  return undefined;
}

function tunSettings(
  view: DataView,
  start: number,
  end: number,
): HeldDevice | undefined {
  let isTun = false;
  const numbers = new Map<number, number>();
  for (const info of netlinkAttributes(view, start, end)) {
    if (info.type === IFLA_INFO_KIND) {
      isTun = stringOf(view, info) === "tun";
    } else if (info.type === IFLA_INFO_DATA) {
      for (const one of netlinkAttributes(view, info.value, info.end)) {
        const value = one.end - one.value === 1
          ? view.getUint8(one.value)
          : view.getUint32(one.value, true);
        numbers.set(one.type, value);
      }
    }
  }
  if (!isTun) return undefined;
  return {
    queues: (numbers.get(IFLA_TUN_NUM_QUEUES) ?? 0) +
      (numbers.get(IFLA_TUN_NUM_DISABLED_QUEUES) ?? 0),
    packetInformation: numbers.get(IFLA_TUN_PI) === 1,
    header: numbers.get(IFLA_TUN_VNET_HDR) === 1,
    persistent: numbers.get(IFLA_TUN_PERSIST) === 1,
    owner: numbers.get(IFLA_TUN_OWNER),
    group: numbers.get(IFLA_TUN_GROUP),
  };
}
