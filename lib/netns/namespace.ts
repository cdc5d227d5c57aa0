// Runs code in another network namespace. A socket stays in the namespace that it
// was opened in; the thread enters it only for one call.

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
import { Descriptor } from "../io/descriptor.ts";

const decoder = new TextDecoder();

/** The directory of the names of `ip netns`. */
export const NETNS_DIRECTORY = "/run/netns";

/**
 * A network namespace: a name as `netplumb netns list` shows it, a path such as
 * "/proc/1234/ns/net", or the pid of a process in it.
 */
export type Namespace = string | number;

/**
 * The path of a namespace.
 *
 * @throws {ArgumentError} For an invalid name or pid.
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

/** The namespace of the calling thread. */
export const OWN_NAMESPACE = "/proc/thread-self/ns/net";

/** Opens a namespace by its path. @throws {SystemError} */
export function openNamespace(path: string, tried: string): number {
  const fd = libc().open(cString(path), O_RDONLY | O_CLOEXEC, 0);
  return unwrap(fd, "open", {
    tried,
    advice: "Check its name, path or pid",
  });
}

/** Whether an error means that a name does not exist or has no namespace. */
export function isGone(error: unknown): boolean {
  return error instanceof SystemError &&
    (error.errno === ENOENT || error.errno === EINVAL);
}

/**
 * The id of a namespace as /proc shows it: "net:[4026531840]".
 *
 * @param fd A descriptor of the namespace; default: the calling thread's.
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

/** Attempts to return: setns() may fail for lack of memory. */
const RETURN_ATTEMPTS = 10;

/** A call in another namespace. */
interface Leave<T> {
  /** The operation, for errors. */
  readonly tried: string;
  /** The other namespace, for errors. */
  readonly where: string;
  /** Enters the other namespace. */
  readonly go: () => void;
  /** Runs there; synchronous. */
  readonly body: () => T;
  /** Undoes what `body` did if the thread cannot return. */
  readonly undo?: ((result: T) => void) | undefined;
}

/**
 * Runs a call outside the calling thread's network namespace.
 *
 * @throws {SystemError} Before it leaves, if it could not return.
 */
export function leaveNamespace<T>(
  { tried, where, go, body, undo }: Leave<T>,
): T {
  const { setns, close } = libc();
  const home = openNamespace(OWN_NAMESPACE, tried);
  try {
    // A thread may lack the permission to enter the namespace it is in: in a user
    // namespace it could never return.
    if (setns(home, CLONE_NEWNET) < 0) {
      throw refusedNamespace("setns", errno(), `${tried} and return`);
    }
    go();
    let outcome: { readonly result: T } | { readonly error: unknown };
    try {
      outcome = { result: body() };
    } catch (error) {
      outcome = { error };
    }
    returnHome(home, where, outcome, undo);
    if ("error" in outcome) throw outcome.error;
    return outcome.result;
  } finally {
    close(home);
  }
}

function returnHome<T>(
  home: number,
  where: string,
  outcome: { readonly result: T } | { readonly error: unknown },
  undo: ((result: T) => void) | undefined,
): void {
  for (let attempt = 1; libc().setns(home, CLONE_NEWNET) < 0; attempt++) {
    if (attempt < RETURN_ATTEMPTS) continue;
    const lost = new SystemError("setns", errno(), {
      tried: `return from ${where}`,
      advice:
        "This thread is still there and opens everything there: end the process, or the worker",
    });
    if ("error" in outcome) lost.cause = outcome.error;
    else undo?.(outcome.result);
    throw lost;
  }
}

/** The error of a refused setns() or unshare(), with what would allow it. */
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
 * Runs `body` with the calling thread in a network namespace, and returns to its
 * own. `body` must be synchronous: during an await, all other code of this thread
 * would run in the wrong namespace.
 *
 * Source: setns(2), ip-netns(8).
 *
 * @param namespace The namespace; undefined for the current one.
 * @param body Usually opens a socket.
 * @param undo Undoes what `body` did if the thread cannot return, for example
 * closes a socket; the thread is of no use then.
 * @returns What `body` returned.
 * @throws {SystemError} Without CAP_SYS_ADMIN in both namespaces, or if the
 * namespace does not exist.
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

// A network namespace that only a descriptor refers to: no name and no mount, so
// nothing is left when the process ends in any way.

const TRIED = "make a network namespace";

/**
 * A new network namespace without a name. It and every device in it are gone
 * once it is closed, or once the process ends, killed or not, as soon as no
 * socket and no process is left in it.
 *
 * Source: unshare(2), network_namespaces(7).
 *
 * @example
 * ```ts
 * import { TemporaryNamespace, UdpSocket } from "@netplumb/netplumb";
 *
 * await using namespace = TemporaryNamespace.create();
 * await using socket = UdpSocket.bind({ namespace: namespace.path });
 * ```
 */
export class TemporaryNamespace implements AsyncDisposable {
  readonly #descriptor: Descriptor;

  private constructor(descriptor: Descriptor) {
    this.#descriptor = descriptor;
  }

  /**
   * Makes one. The calling thread is in it for a moment and then back.
   *
   * @throws {SystemError} Without CAP_SYS_ADMIN, or where there are too many.
   */
  static create(): TemporaryNamespace {
    const fd = leaveNamespace({
      tried: TRIED,
      where: "a new network namespace",
      go() {
        if (libc().unshare(CLONE_NEWNET) < 0) {
          throw refusedNamespace("unshare", errno(), TRIED);
        }
      },
      body: () => openNamespace(OWN_NAMESPACE, TRIED),
      undo: (fd) => libc().close(fd),
    });
    const descriptor = new Descriptor(fd, "temporary network namespace");
    return new TemporaryNamespace(descriptor);
  }

  /**
   * Where it can be entered, here and from other processes: for `inNamespace`,
   * the `namespace` options and `nsenter --net=`.
   */
  get path(): string {
    return `/proc/${Deno.pid}/fd/${this.fd}`;
  }

  /** The descriptor that holds it, for IFLA_NET_NS_FD. */
  get fd(): number {
    return this.#descriptor.fd;
  }

  /** Lets go of it. */
  close(): Promise<void> {
    return this.#descriptor.close();
  }

  /** Equivalent to close(), for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
