// Opens a socket in the network namespace of another socket, wherever the calling
// thread is.

import { libc } from "../../ffi/libc.ts";
import { SIOCGSKNS } from "../../ffi/uapi/net_if.ts";
import {
  SO_NETNS_COOKIE,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOL_SOCKET,
} from "../../ffi/uapi/sys_socket.ts";
import { inNamespace } from "../netns/namespace.ts";

const COOKIE = new Int32Array(2);
const LENGTH = new Uint32Array(1);
const NAMESPACE_OF = BigInt(SIOCGSKNS);

/** What tells a socket's namespace from others, since Linux 5.14. */
function namespaceCookie(fd: number): string | undefined {
  LENGTH[0] = COOKIE.byteLength;
  const { getsockopt } = libc();
  return getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, COOKIE, LENGTH) < 0
    ? undefined
    : COOKIE.join();
}

/**
 * Opens a socket in the namespace that another one is in; nonblocking and
 * close-on-exec.
 *
 * Another namespace than the thread's takes CAP_NET_ADMIN and CAP_SYS_ADMIN.
 * Where the kernel does not report namespaces (before 5.14), the thread's is taken.
 *
 * @returns Its descriptor; undefined where it cannot be opened there.
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
  if (namespaceCookie(fd) === namespaceCookie(opened)) return opened;
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
