// Reads the path MTU to a peer through a temporarily connected socket.

import type { Namespace } from "../netns/namespace.ts";
import { openSocket } from "../socket/open.ts";
import type { Endpoint } from "../socket/sockaddr.ts";
import { parseAddress } from "../net/ip_address.ts";
import { libc } from "../../ffi/libc.ts";
import { AF_INET, AF_INET6, SOCK_DGRAM } from "../../ffi/uapi/sys_socket.ts";
import { connectTo } from "./open.ts";
import { UdpSocketOptions } from "./socket_options.ts";

/** Options of pathMtu(). */
export interface PathMtuOptions {
  /** The network namespace; default: the calling thread's. */
  readonly namespace?: Namespace | undefined;
}

/**
 * Returns the kernel's path MTU to a peer: the one that ICMP reported to this
 * host, else the MTU of the route or interface. Sends nothing.
 *
 * The payload of a datagram is 28 bytes shorter over IPv4, 48 bytes over IPv6.
 *
 * Source: IP_MTU of ip(7), IPV6_MTU of ipv6(7).
 *
 * @param to The peer; its port is ignored.
 * @param options The network namespace.
 * @throws {ArgumentError} For an invalid address.
 * @throws {SystemError} ENETUNREACH without a route.
 *
 * @example
 * ```ts
 * import { pathMtu } from "@netplumb/netplumb";
 *
 * console.log(pathMtu({ address: "127.0.0.1", port: 443 })); // 65535
 * ```
 */
export function pathMtu(to: Endpoint, options: PathMtuOptions = {}): number {
  const { namespace } = options;
  const ipv4 = parseAddress(to.address).address.length === 4;
  const family = ipv4 ? "ipv4" : "dual";
  const domain = ipv4 ? AF_INET : AF_INET6;
  const tried = "open a UDP socket";
  return openSocket({ domain, type: SOCK_DGRAM, namespace, tried }, (fd) => {
    const port = to.port === 0 ? DISCARD : to.port;
    connectTo({ fd, domain, family }, { ...to, port });
    const mtu = new UdpSocketOptions({ fd }, family).pathMtu;
    libc().close(fd);
    return mtu;
  });
}

/** The port of the discard service: no datagram is sent there. */
const DISCARD = 9;
