// Opens netlink sockets and sets their options.

import { EAGAIN, EINTR, SystemError } from "../../ffi/errno.ts";
import { errno } from "../../ffi/libc.ts";
import {
  NETLINK_CAP_ACK,
  NETLINK_EXT_ACK,
  NETLINK_GET_STRICT_CHK,
  sockaddr_nl,
  SOL_NETLINK,
} from "../../ffi/uapi/linux_netlink.ts";
import { AF_NETLINK, SOCK_RAW } from "../../ffi/uapi/sys_socket.ts";
import { Descriptor } from "../io/descriptor.ts";
import type { Namespace } from "../netns/namespace.ts";
import { setBufferSize, trySetOption } from "../socket/option.ts";
import { bindSocket, openSocket, socketName } from "../socket/open.ts";

/** Options of every netlink socket. */
export interface NetlinkSocketOptions {
  /** The netlink family, for example NETLINK_ROUTE, 0. Source: netlink(7). */
  readonly protocol: number;
  /** The network namespace to open it in; default: this thread's. */
  readonly namespace?: Namespace | undefined;
  /**
   * Receive buffer in bytes. With CAP_NET_ADMIN it may exceed net.core.rmem_max
   * (SO_RCVBUFFORCE). Default: the kernel's.
   */
  readonly receiveBuffer?: number | undefined;
}

/** Opens a netlink socket, bound to an address that the kernel chooses. */
export function openNetlinkSocket(
  { protocol, namespace, receiveBuffer }: NetlinkSocketOptions,
): Descriptor {
  const tried = `open a netlink socket (protocol ${protocol})`;
  return openSocket(
    { domain: AF_NETLINK, type: SOCK_RAW, protocol, namespace, tried },
    (fd) => {
      const name = sockaddr_nl.build({ nl_family: AF_NETLINK });
      bindSocket(fd, name, () => ({ tried }));
      if (receiveBuffer !== undefined) {
        setBufferSize(fd, "receive", receiveBuffer);
      }
      return new Descriptor(fd, "netlink socket");
    },
  );
}

/** The nl_pid that the kernel assigned to a socket. */
export function ownPort(fd: number): number {
  const name = socketName(fd, sockaddr_nl.size);
  return sockaddr_nl.fields.nl_pid.get(new DataView(name.buffer), 0);
}

/** Enables extended acknowledgements and strict checks of dump filters, where the kernel has them. */
export function setRequestOptions(fd: number): void {
  trySetOption(fd, SOL_NETLINK, NETLINK_EXT_ACK, 1);
  trySetOption(fd, SOL_NETLINK, NETLINK_CAP_ACK, 1);
  trySetOption(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, 1);
}

/** Whether the errno of a receive means that nothing is queued. */
export function isNothingQueued(code: number): boolean {
  return code === EAGAIN || code === EINTR;
}

/** The error of a failed receive or send. */
export function failure(syscall: string, what: string): SystemError {
  return new SystemError(syscall, errno(), { tried: what });
}
