// Opening things inside another network namespace. A socket keeps the namespace
// it was made in; the thread is there only for the length of one call.

import {
  EACCES,
  EINVAL,
  ENOENT,
  ENOSPC,
  EPERM,
  SystemError,
} from "../../ffi/errno.ts";
import { cString, errno, libc, unwrap } from "../../ffi/libc.ts";
import { CLONE_NEWNET, O_CLOEXEC, O_RDONLY } from "../../ffi/uapi/fcntl.ts";
import { ArgumentError } from "../errors.ts";

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

/** How often coming back is tried: it may fail for want of memory. */
const RETURNS = 10;

/** A way out of the calling thread's namespace, and what to do out there. */
interface Leave<T> {
  /** What it is all for, in errors. */
  readonly tried: string;
  /** The namespace it leads to, in errors. */
  readonly where: string;
  /** Goes there. */
  readonly go: () => void;
  /** What to do there; synchronous. */
  readonly body: () => T;
  /** Takes back what `body` did, where its caller is not to get it. */
  readonly undo?: ((result: T) => void) | undefined;
}

/**
 * Leaves the calling thread's network namespace for the length of one call.
 *
 * @throws {SystemError} Before it leaves, where it could not come back.
 */
export function leaveNamespace<T>(
  { tried, where, go, body, undo }: Leave<T>,
): T {
  const { setns, close } = libc();
  const home = openNamespace(OWN_NAMESPACE, tried);
  try {
    // Where a thread is says nothing of whether it may come there: in a user
    // namespace it would be gone for good.
    if (setns(home, CLONE_NEWNET) < 0) {
      throw refusedNamespace("setns", errno(), `${tried} and come back`);
    }
    go();
    let outcome: { readonly result: T } | { readonly error: unknown };
    try {
      outcome = { result: body() };
    } catch (error) {
      outcome = { error };
    }
    comeBack(home, where, outcome, undo);
    if ("error" in outcome) throw outcome.error;
    return outcome.result;
  } finally {
    close(home);
  }
}

function comeBack<T>(
  home: number,
  where: string,
  outcome: { readonly result: T } | { readonly error: unknown },
  undo: ((result: T) => void) | undefined,
): void {
  for (let attempt = 1; libc().setns(home, CLONE_NEWNET) < 0; attempt++) {
    if (attempt < RETURNS) continue;
    const lost = new SystemError("setns", errno(), {
      tried: `come back from ${where}`,
      advice:
        "This thread is still there, and so is what it opens next: end the process, or the worker",
    });
    if ("error" in outcome) lost.cause = outcome.error;
    else undo?.(outcome.result);
    throw lost;
  }
}

/** What refuses a thread another namespace, with what would allow it. */
export function refusedNamespace(
  syscall: string,
  code: number,
  tried: string,
): SystemError {
  return new SystemError(syscall, code, {
    tried,
    ...(code === EPERM || code === EACCES
      ? {
        capability: "CAP_SYS_ADMIN",
        advice: "Run as root or grant CAP_SYS_ADMIN",
      }
      : code === ENOSPC
      ? { advice: "The limit is user.max_net_namespaces (sysctl)" }
      : {}),
  });
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
 * @param undo Takes back what `body` did if the thread cannot come back, which
 * is the end of its use; closes a socket, for example.
 * @returns What `body` returned.
 * @throws {SystemError} Without CAP_SYS_ADMIN, there or here, or where there is
 * no such namespace.
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
  undo?: (result: T) => void,
): T {
  if (namespace === undefined) return body();
  const path = namespacePath(namespace);
  const { setns, close } = libc();
  const tried = `enter network namespace ${namespace}`;
  const target = openNamespace(path, tried);
  try {
    return leaveNamespace({
      tried,
      where: `network namespace ${namespace}`,
      go() {
        if (setns(target, CLONE_NEWNET) < 0) {
          throw refusedNamespace("setns", errno(), tried);
        }
      },
      body,
      undo,
    });
  } finally {
    close(target);
  }
}
