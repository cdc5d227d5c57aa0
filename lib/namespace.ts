// Opening things inside another network namespace. A socket keeps the namespace
// it was made in; the thread is there only for the length of one call.

import { EACCES, EINVAL, ENOENT, EPERM, SystemError } from "../ffi/errno.ts";
import { cString, errno, libc, unwrap } from "../ffi/libc.ts";
import { CLONE_NEWNET, O_CLOEXEC, O_RDONLY } from "../ffi/layout/fcntl.ts";
import { ArgumentError } from "./errors.ts";

const decoder = new TextDecoder();

/** Where `ip netns` keeps its names. */
export const NETNS_DIRECTORY = "/run/netns";

/**
 * A network namespace: a name as `netplumb netns list` shows it, a path such as
 * "/proc/1234/ns/net", or the number of a process that is in it.
 */
export type Namespace = string | number;

/**
 * The path that stands for a namespace.
 *
 * @throws {ArgumentError} For a name that is none.
 */
export function namespacePath(namespace: Namespace): string {
  if (typeof namespace === "number") {
    if (Number.isInteger(namespace) && namespace > 0) {
      return `/proc/${namespace}/ns/net`;
    }
    throw new ArgumentError("namespace", namespace, "a process number");
  }
  const nul = namespace.includes("\0");
  if (namespace.startsWith("/") && !nul) return namespace;
  if (nul || ["", ".", ".."].includes(namespace) || namespace.includes("/")) {
    throw new ArgumentError(
      "namespace",
      namespace,
      "a name under /run/netns, an absolute path or a process number",
    );
  }
  return `${NETNS_DIRECTORY}/${namespace}`;
}

/** The namespace the calling thread is in. */
export const OWN_NAMESPACE = "/proc/thread-self/ns/net";

/** Opens what stands for a namespace. @throws {SystemError} */
export function openNamespace(path: string, tried: string): number {
  const fd = libc().open(cString(path), O_RDONLY | O_CLOEXEC, 0);
  return unwrap(fd, "open", {
    tried,
    advice: "`netplumb netns list` shows the names there are",
  });
}

/** Whether an error says that a name is away, or stands for no namespace. */
export function isGone(error: unknown): boolean {
  return error instanceof SystemError &&
    (error.errno === ENOENT || error.errno === EINVAL);
}

/**
 * What tells one namespace from another, as ip-netns(8) and /proc show it:
 * "net:[4026531840]".
 *
 * @param fd A descriptor of a namespace; without one, the calling thread's.
 */
export function namespaceId(fd?: number): string {
  const path = fd === undefined ? OWN_NAMESPACE : `/proc/thread-self/fd/${fd}`;
  const target = new Uint8Array(64);
  const length = unwrap(
    libc().readlink(cString(path), target, BigInt(target.length)),
    "readlink",
    { tried: `identify network namespace ${path}` },
  );
  return decoder.decode(target.subarray(0, length));
}

/**
 * Runs `body` with the calling thread inside a network namespace and comes
 * back before it returns. `body` must be synchronous: an await inside would
 * leave everything else this thread does in the wrong namespace.
 *
 * Source: setns(2), ip-netns(8).
 *
 * @param namespace Where to go; undefined stays here.
 * @param body What to do there, usually opening a socket.
 * @returns What `body` returned.
 * @throws {SystemError} Without CAP_SYS_ADMIN, or where there is no such namespace.
 *
 * @example
 * ```ts
 * import { inNamespace, UdpSocket } from "@netplumb/netplumb";
 *
 * // The namespace of a process; one made by `ip netns add blue` is "blue".
 * await using socket = inNamespace(
 *   Deno.pid,
 *   () => UdpSocket.bind({ address: "0.0.0.0", port: 0 }),
 * );
 * ```
 */
export function inNamespace<T>(
  namespace: Namespace | undefined,
  body: () => T,
): T {
  if (namespace === undefined) return body();
  const path = namespacePath(namespace);
  const { setns, close } = libc();
  const tried = `enter network namespace ${namespace}`;
  const target = openNamespace(path, tried);
  try {
    const home = openNamespace(OWN_NAMESPACE, tried);
    try {
      if (setns(target, CLONE_NEWNET) < 0) {
        const code = errno();
        throw new SystemError("setns", code, {
          tried,
          ...(code === EPERM || code === EACCES
            ? {
              capability: "CAP_SYS_ADMIN",
              advice: "Run as root or grant CAP_SYS_ADMIN",
            }
            : {}),
        });
      }
      try {
        return body();
      } finally {
        unwrap(setns(home, CLONE_NEWNET), "setns", {
          tried: `come back from network namespace ${namespace}`,
        });
      }
    } finally {
      close(home);
    }
  } finally {
    close(target);
  }
}
