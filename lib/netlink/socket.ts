// An open netlink socket: its options, and the one place that sends on it and
// receives from it. What the datagrams mean is for connection.ts and
// subscription.ts.

import { EAGAIN, EINTR, SystemError } from "../../ffi/errno.ts";
import { errno, libc, unwrap } from "../../ffi/libc.ts";
import {
  NETLINK_CAP_ACK,
  NETLINK_EXT_ACK,
  NETLINK_GET_STRICT_CHK,
  sockaddr_nl,
  SOL_NETLINK,
} from "../../ffi/layout/linux_netlink.ts";
import { SK_MEMINFO_RMEM_ALLOC } from "../../ffi/layout/linux_sock_diag.ts";
import {
  AF_NETLINK,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_RAW,
  SOL_SOCKET,
} from "../../ffi/layout/sys_socket.ts";
import { Descriptor } from "../io/descriptor.ts";
import { inNamespace, type Namespace } from "../namespace.ts";
import { readSocketMemory, socketMemory } from "../socket_memory.ts";

/** What every netlink socket is opened with. */
export interface NetlinkSocketOptions {
  /** The netlink family, for example NETLINK_ROUTE, 0. Source: netlink(7). */
  readonly protocol: number;
  /** The network namespace to open it in; default: this thread's. */
  readonly namespace?: Namespace;
  /**
   * Room for what is not read yet, in bytes. With CAP_NET_ADMIN it may exceed
   * net.core.rmem_max (SO_RCVBUFFORCE). Default: the kernel's.
   */
  readonly receiveBuffer?: number;
}

const INT = new Int32Array(1);
const SOCKLEN = new Uint32Array(1);

/** Opens a netlink socket, bound to an address the kernel chose. */
export function openSocket(options: NetlinkSocketOptions): Descriptor {
  const { socket, bind, close } = libc();
  const tried = `open a netlink socket (protocol ${options.protocol})`;
  const type = SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC;
  const fd = inNamespace(
    options.namespace,
    () =>
      unwrap(socket(AF_NETLINK, type, options.protocol), "socket", { tried }),
    close,
  );
  try {
    const address = sockaddr_nl.build({ nl_family: AF_NETLINK });
    unwrap(bind(fd, address, address.length), "bind", { tried });
    if (options.receiveBuffer !== undefined) {
      setReceiveBuffer(fd, options.receiveBuffer);
    }
  } catch (error) {
    close(fd);
    throw error;
  }
  return new Descriptor(fd, "netlink socket");
}

/** The nl_pid that the kernel gave a socket. */
export function ownPort(fd: number): number {
  const address = sockaddr_nl.build({});
  SOCKLEN[0] = address.length;
  unwrap(
    libc().getsockname(fd, address, new Uint8Array(SOCKLEN.buffer)),
    "getsockname",
  );
  return sockaddr_nl.fields.nl_pid.get(new DataView(address.buffer), 0);
}

/** Sets an int option; false where this kernel has no such option. */
export function setOption(
  fd: number,
  level: number,
  option: number,
  value: number,
): boolean {
  INT[0] = value;
  return libc().setsockopt(fd, level, option, new Uint8Array(INT.buffer), 4) ===
    0;
}

/** Asks for more than an error number in answers, and for filters to count. */
export function askForMore(fd: number): void {
  setOption(fd, SOL_NETLINK, NETLINK_EXT_ACK, 1);
  setOption(fd, SOL_NETLINK, NETLINK_CAP_ACK, 1);
  setOption(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, 1);
}

/** Makes room for `bytes` of unread messages, or for as much as is allowed. */
export function setReceiveBuffer(fd: number, bytes: number): void {
  if (!setOption(fd, SOL_SOCKET, SO_RCVBUFFORCE, bytes)) {
    setOption(fd, SOL_SOCKET, SO_RCVBUF, bytes);
  }
}

/** The room there is for unread messages, in bytes as the kernel counts them. */
export function receiveBuffer(fd: number): number {
  SOCKLEN[0] = 4;
  unwrap(
    libc().getsockopt(
      fd,
      SOL_SOCKET,
      SO_RCVBUF,
      new Uint8Array(INT.buffer),
      new Uint8Array(SOCKLEN.buffer),
    ),
    "getsockopt",
  );
  return INT[0];
}

const MEMORY = socketMemory();

/**
 * What waits to be read, in bytes as the kernel counts them; 0 where it does
 * not tell.
 */
export function queuedBytes(fd: number): number {
  return readSocketMemory(fd, MEMORY) < 0 ? 0 : MEMORY[SK_MEMINFO_RMEM_ALLOC];
}

/** Whether the errno of a receive only means that there is nothing yet. */
export function nothingYet(code: number): boolean {
  return code === EAGAIN || code === EINTR;
}

/** The error of a receive or send that failed for good. */
export function failure(syscall: string, what: string): SystemError {
  return new SystemError(syscall, errno(), { tried: what });
}
