// Named network namespaces, the ones of `ip netns`: a name is a file under
// /run/netns with a namespace mounted on it.

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

/** The file that a name stands for; only names, no paths and no processes. */
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
  [EEXIST]: { advice: "That name is taken" },
  [ENOENT]: { advice: "`netplumb netns list` shows the names there are" },
};

function refusal(syscall: string, code: number, tried: string): SystemError {
  return new SystemError(syscall, code, {
    tried,
    ...ADVICE[code === EACCES ? EPERM : code],
  });
}

function must(result: number, syscall: string, tried: string): number {
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

/** Lets mounts under /run/netns be seen, and go, in every mount namespace. */
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
  // Not a mount point yet. Two at once would mount one on the other, so take
  // the lock that `ip netns` takes, and look again.
  const lock = must(
    open(cString(NETNS_DIRECTORY), O_RDONLY | O_CLOEXEC, 0),
    "open",
    tried,
  );
  try {
    while (flock(lock, LOCK_EX) < 0) {
      if (errno() !== EINTR) throw refusal("flock", errno(), tried);
    }
    if (share() === 0) return;
    must(bindMount(NETNS_DIRECTORY, NETNS_DIRECTORY, MS_REC), "mount", tried);
    must(share(), "mount", tried);
  } finally {
    close(lock);
  }
}

/**
 * The names that network namespaces have, as `ip netns list` gives them.
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
 * Makes a network namespace and gives it a name, as `ip netns add` does. It
 * lasts until deleteNamespace(), whatever becomes of this process; its
 * loopback interface is down.
 *
 * Source: ip-netns(8), unshare(2), mount(2).
 *
 * @param name A name without a slash.
 * @throws {ArgumentError} For a name that cannot be one.
 * @throws {SystemError} EEXIST if the name is taken; EPERM without
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
  close(must(open(cString(file), flags, 0), "open", tried));
  try {
    leaveNamespace({
      tried,
      where: `network namespace ${name}`,
      go: () => must(unshare(CLONE_NEWNET), "unshare", tried),
      body: () => must(bindMount(OWN_NAMESPACE, file), "mount", tried),
      undo: () => umount2(cString(file), MNT_DETACH),
    });
  } catch (error) {
    unlink(cString(file));
    throw error;
  }
}

/**
 * Takes the name of a network namespace away, as `ip netns delete` does. The
 * namespace itself goes when no process and no open descriptor is in it.
 *
 * Source: ip-netns(8), umount2(2).
 *
 * @param name Its name.
 * @throws {ArgumentError} For a name that cannot be one.
 * @throws {SystemError} ENOENT if there is none of that name, EPERM without
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
  // A name whose mount is gone already, after a reboot for example, still goes.
  if (umount2(file, MNT_DETACH) < 0) {
    const code = errno();
    if (code !== EINVAL && code !== ENOENT) {
      throw refusal("umount2", code, tried);
    }
  }
  must(unlink(file), "unlink", tried);
}
