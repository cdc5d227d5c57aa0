// Descriptors as a plain program would open them: blocking.

import { libc, unwrap } from "../../../ffi/libc.ts";
import {
  IP_PKTINFO,
  IPPROTO_IP,
  sockaddr_in,
} from "../../../ffi/uapi/netinet_in.ts";
import { NETLINK_ROUTE, sockaddr_nl } from "../../../ffi/uapi/linux_netlink.ts";
import { RTNLGRP_LINK } from "../../../ffi/uapi/linux_rtnetlink.ts";
import { EFD_CLOEXEC } from "../../../ffi/uapi/poll.ts";
import {
  AF_INET,
  AF_NETLINK,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_RAW,
} from "../../../ffi/uapi/sys_socket.ts";
import { openNode } from "../../../lib/tun/attach.ts";
import { setOption } from "../../../lib/socket/option.ts";
import { setInterface } from "../bare/tun.ts";
import type { Order, Work } from "./messages.ts";

/** What was opened; `port` where it is bound to one. */
export interface Opened extends Work {
  readonly port?: number;
}

export function openBlocking(order: Order): Opened {
  switch (order.kind) {
    case "udp":
      return udp(order.packetInfo);
    case "tun":
      return tun(order.name);
    case "netlink":
      return netlink(order.call);
  }
}

function udp(packetInfo: boolean): Opened {
  const { socket, bind, getsockname } = libc();
  const fd = unwrap(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
  if (packetInfo) setOption(fd, IPPROTO_IP, { IP_PKTINFO }, 1);
  const name = sockaddr_in.build({ sin_family: AF_INET });
  unwrap(bind(fd, name, name.length), "bind");
  unwrap(getsockname(fd, name, new Int32Array([name.length])), "getsockname");
  const { sin_port } = sockaddr_in.get(new DataView(name.buffer), 0);
  return { fd, call: "recvmsg", port: sin_port };
}

function tun(name: string): Opened {
  const fd = openNode();
  setInterface(fd, name);
  return { fd, call: "read" };
}

function netlink(call: Extract<Order, { kind: "netlink" }>["call"]): Opened {
  const { socket, bind, eventfd } = libc();
  const type = SOCK_RAW | SOCK_CLOEXEC;
  const fd = unwrap(socket(AF_NETLINK, type, NETLINK_ROUTE), "socket");
  const name = sockaddr_nl.build({
    nl_family: AF_NETLINK,
    nl_groups: 1 << (RTNLGRP_LINK - 1),
  });
  unwrap(bind(fd, name, name.length), "bind");
  if (call === "recvmsg" || call === "poll") return { fd, call };
  const second = unwrap(eventfd(0, EFD_CLOEXEC), "eventfd");
  return { fd, call: "poll", second };
}
