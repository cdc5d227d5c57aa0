// Adds, deletes and lists named network namespaces, as `ip netns` does: a name is
// a file under /run/netns with a namespace mounted on it.

import {
  EACCES,
  EEXIST,
  EINTR,
  EINVAL,
  ENOENT,
  EPERM,
  SystemError,
  type SystemErrorContext,
} from "../../ffi/errno.ts";
import { cString, errno, libc } from "../../ffi/libc.ts";
import {
  CLONE_NEWNET,
  LOCK_EX,
  MNT_DETACH,
  MS_BIND,
  MS_REC,
  MS_SHARED,
  O_CLOEXEC,
  O_CREAT,
  O_EXCL,
  O_RDONLY,
} from "../../ffi/uapi/fcntl.ts";
import { ArgumentError } from "../errors.ts";
import {
  leaveNamespace,
  namespacePath,
  NETNS_DIRECTORY,
  OWN_NAMESPACE,
} from "./namespace.ts";

const NONE = cString("none");
const NOTHING = cString("");

/** The file of a name; a path or process number is refused. */
function namespaceFile(name: string): string {
  if (name.startsWith("/") || new TextEncoder().encode(name).length > 255) {
    throw new ArgumentError(
      "namespace",
      name,
      "a name of up to 255 bytes without a slash",
    );
  }
  return namespacePath(name);
}

const ADVICE: { readonly [code: number]: Partial<SystemErrorContext> } = {
  [EPERM]: {
    capability: "CAP_SYS_ADMIN",
    advice: "Run as root or grant CAP_SYS_ADMIN",
  },
  [EEXIST]: { advice: "Choose another name" },
  [ENOENT]: { advice: "Check its name" },
};

function refusal(syscall: string, code: number, tried: string): SystemError {
  return new SystemError(syscall, code, {
    tried,
    ...ADVICE[code === EACCES ? EPERM : code],
  });
}

function checked(result: number, syscall: string, tried: string): number {
  if (result < 0) throw refusal(syscall, errno(), tried);
  return result;
}

function bindMount(from: string, to: string, flags = 0): number {
  return libc().mount(
    cString(from),
    cString(to),
    NONE,
    BigInt(MS_BIND | flags),
    NOTHING,
  );
}

/** Makes /run/netns a shared mount, so that names appear and vanish in every mount namespace. */
function shareDirectory(tried: string): void {
  const { mkdir, mount, open, flock, close } = libc();
  if (mkdir(cString(NETNS_DIRECTORY), 0o755) < 0 && errno() !== EEXIST) {
    throw refusal("mkdir", errno(), tried);
  }
  const share = () =>
    mount(
      NOTHING,
      cString(NETNS_DIRECTORY),
      NONE,
      BigInt(MS_SHARED | MS_REC),
      NOTHING,
    );
  if (share() === 0) return;
  if (errno() !== EINVAL) throw refusal("mount", errno(), tried);
  // Not a mount point yet. Two processes at once would stack mounts: take the
  // lock that `ip netns` takes, and try again.
  const lock = checked(
    open(cString(NETNS_DIRECTORY), O_RDONLY | O_CLOEXEC, 0),
    "open",
    tried,
  );
  try {
    while (flock(lock, LOCK_EX) < 0) {
      if (errno() !== EINTR) throw refusal("flock", errno(), tried);
    }
    if (share() === 0) return;
    checked(
      bindMount(NETNS_DIRECTORY, NETNS_DIRECTORY, MS_REC),
      "mount",
      tried,
    );
    checked(share(), "mount", tried);
  } finally {
    close(lock);
  }
}

/**
 * The names of network namespaces, as `ip netns list` prints them.
 *
 * Source: ip-netns(8).
 *
 * @returns The names, sorted.
 *
 * @example
 * ```ts
 * import { namespaceNames } from "@netplumb/netplumb";
 *
 * for (const name of namespaceNames()) console.log(name);
 * ```
 */
export function namespaceNames(): string[] {
  try {
    return [...Deno.readDirSync(NETNS_DIRECTORY)].map(({ name }) => name)
      .sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/**
 * Creates a named network namespace, as `ip netns add` does. It exists until
 * deleteNamespace(), also after this process ends; its loopback interface is down.
 *
 * Source: ip-netns(8), unshare(2), mount(2).
 *
 * @param name A name without a slash.
 * @throws {ArgumentError} For an invalid name.
 * @throws {SystemError} EEXIST if the name exists; EPERM without
 * CAP_SYS_ADMIN.
 *
 * @example
 * ```ts
 * import { addNamespace, deleteNamespace } from "@netplumb/netplumb";
 *
 * const name = `example-${Deno.pid}`;
 * addNamespace(name);
 * deleteNamespace(name);
 * ```
 */
export function addNamespace(name: string): void {
  const file = namespaceFile(name);
  const tried = `add network namespace ${name}`;
  const { open, close, umount2, unlink, unshare } = libc();
  shareDirectory(tried);
  const flags = O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC;
  close(checked(open(cString(file), flags, 0), "open", tried));
  try {
    leaveNamespace({
      tried,
      where: `network namespace ${name}`,
      go: () => checked(unshare(CLONE_NEWNET), "unshare", tried),
      body: () => checked(bindMount(OWN_NAMESPACE, file), "mount", tried),
      undo: () => umount2(cString(file), MNT_DETACH),
    });
  } catch (error) {
    unlink(cString(file));
    throw error;
  }
}

/**
 * Deletes the name of a network namespace, as `ip netns delete` does. The kernel
 * destroys the namespace when no process and no open descriptor uses it.
 *
 * Source: ip-netns(8), umount2(2).
 *
 * @param name The name.
 * @throws {ArgumentError} For an invalid name.
 * @throws {SystemError} ENOENT if the name does not exist, EPERM without
 * CAP_SYS_ADMIN.
 *
 * @example
 * ```ts
 * import { addNamespace, deleteNamespace } from "@netplumb/netplumb";
 *
 * const name = `example-${Deno.pid}`;
 * addNamespace(name);
 * deleteNamespace(name);
 * ```
 */
export function deleteNamespace(name: string): void {
  const file = cString(namespaceFile(name));
  const tried = `delete network namespace ${name}`;
  const { umount2, unlink } = libc();
  // A name without a mount, for example after a reboot, is deleted too.
  if (umount2(file, MNT_DETACH) < 0) {
    const code = errno();
    if (code !== EINVAL && code !== ENOENT) {
      throw refusal("umount2", code, tried);
    }
  }
  checked(unlink(file), "unlink", tried);
}
