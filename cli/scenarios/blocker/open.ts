// Descriptors as a plain program would open them: blocking.

import { libc, unwrap } from "../../../ffi/libc.ts";
import {
  IP_PKTINFO,
  IPPROTO_IP,
  sockaddr_in,
} from "../../../ffi/layout/netinet_in.ts";
import {
  AF_INET,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
} from "../../../ffi/layout/sys_socket.ts";
import { openNode } from "../../../lib/tun/attach.ts";
import { setInt } from "../../../lib/udp/options.ts";
import { setInterface } from "../bare_tun.ts";
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
  }
}

function udp(packetInfo: boolean): Opened {
  const { socket, bind, getsockname } = libc();
  const fd = unwrap(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
  if (packetInfo) setInt(fd, IPPROTO_IP, IP_PKTINFO, 1, "IP_PKTINFO");
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
