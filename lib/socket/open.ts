// Opens and binds sockets of any family, in any network namespace.

import {
  ENOTCONN,
  SystemError,
  type SystemErrorContext,
} from "../../ffi/errno.ts";
import { errno, libc, unwrap } from "../../ffi/libc.ts";
import { SIOCGSKNS } from "../../ffi/uapi/net_if.ts";
import {
  SO_COOKIE,
  SO_NETNS_COOKIE,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOL_SOCKET,
} from "../../ffi/uapi/sys_socket.ts";
import { releaseEarlierRun } from "../io/thread_descriptors.ts";
import { inNamespace, type Namespace } from "../netns/namespace.ts";

/** The arguments of socket(2), and where to call it. */
export interface SocketType {
  /** AF_INET, AF_INET6 or AF_NETLINK. */
  readonly domain: number;
  /** SOCK_DGRAM or SOCK_RAW; nonblocking and close-on-exec in any case. */
  readonly type: number;
  /** Default: 0. */
  readonly protocol?: number;
  /** The network namespace; default: the calling thread's. */
  readonly namespace: Namespace | undefined;
  /** The operation, for errors: "open a UDP socket". */
  readonly tried: string;
}

/**
 * Opens a socket and configures it.
 *
 * @param configure Sets options and binds; the socket is closed if it throws.
 * @returns What `configure` returns.
 * @throws {SystemError}
 */
export function openSocket<T>(
  { domain, type, protocol = 0, namespace, tried }: SocketType,
  configure: (fd: number) => T,
): T {
  const flags = type | SOCK_NONBLOCK | SOCK_CLOEXEC;
  const open = () => {
    releaseEarlierRun();
    return unwrap(libc().socket(domain, flags, protocol), "socket", { tried });
  };
  const close = (fd: number) => libc().close(fd);
  // A socket stays in its namespace, so only socket(2) has to run there.
  const fd = inNamespace(namespace, open, close);
  try {
    return configure(fd);
  } catch (error) {
    close(fd);
    throw error;
  }
}

/**
 * Binds a socket.
 *
 * @param name A sockaddr of the socket's family.
 * @param explain Describes the failed operation and the remedy, by errno.
 * @throws {SystemError}
 */
export function bindSocket(
  fd: number,
  name: Uint8Array<ArrayBuffer>,
  explain: (code: number) => SystemErrorContext,
): void {
  if (libc().bind(fd, name, name.length) === 0) return;
  const code = errno();
  throw new SystemError("bind", code, explain(code));
}

const NAME = new Uint8Array(128);
const LENGTH = new Int32Array(1);

/**
 * The sockaddr a socket is bound to, of at most `size` bytes; valid until the
 * next call. A program that opens many sockets allocates nothing here.
 *
 * @throws {SystemError}
 */
export function socketName(fd: number, size: number): Uint8Array<ArrayBuffer> {
  LENGTH[0] = size;
  unwrap(libc().getsockname(fd, NAME, LENGTH), "getsockname");
  return NAME.subarray(0, size);
}

/**
 * The sockaddr of the peer that a socket is connected to, of at most `size`
 * bytes; undefined for none. Valid until the next call.
 *
 * @throws {SystemError}
 */
export function peerName(
  fd: number,
  size: number,
): Uint8Array<ArrayBuffer> | undefined {
  LENGTH[0] = size;
  if (libc().getpeername(fd, NAME, LENGTH) === 0) return NAME.subarray(0, size);
  const code = errno();
  if (code === ENOTCONN) return undefined;
  throw new SystemError("getpeername", code, { tried: "read the peer" });
}

const COOKIE = new Int32Array(2);

/** A cookie of 64 bits; undefined if the kernel does not have the option. */
function readCookie(fd: number, option: number): string | undefined {
  LENGTH[0] = COOKIE.byteLength;
  const { getsockopt } = libc();
  return getsockopt(fd, SOL_SOCKET, option, COOKIE, LENGTH) < 0
    ? undefined
    : COOKIE.join();
}

/** A number that no other socket of this host ever has; since Linux 4.6. */
export function socketCookie(fd: number): string {
  return readCookie(fd, SO_COOKIE) ?? "";
}

const NAMESPACE_OF = BigInt(SIOCGSKNS);

/**
 * Opens a socket in the namespace that another one is in; nonblocking and
 * close-on-exec.
 *
 * A namespace other than the thread's needs CAP_NET_ADMIN and CAP_SYS_ADMIN. If
 * the kernel does not report namespaces (before 5.14), the thread's is used.
 *
 * @returns Its descriptor; undefined if it cannot be opened there.
 */
export function openBeside(
  fd: number,
  domain: number,
  type: number,
  protocol = 0,
): number | undefined {
  const { close, ioctl_value, socket } = libc();
  const open = () =>
    socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
  const opened = open();
  if (opened < 0) return undefined;
  const namespaceOf = (socket: number) => readCookie(socket, SO_NETNS_COOKIE);
  if (namespaceOf(fd) === namespaceOf(opened)) return opened;
  close(opened);
  const namespace = ioctl_value(fd, NAMESPACE_OF, 0n);
  if (namespace < 0) return undefined;
  try {
    const there = inNamespace(`/proc/thread-self/fd/${namespace}`, open, close);
    return there < 0 ? undefined : there;
  } catch {
    return undefined;
  } finally {
    close(namespace);
  }
}
