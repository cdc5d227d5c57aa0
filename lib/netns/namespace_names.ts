// Watches the names of network namespaces.

import { ENOENT, SystemError } from "../../ffi/errno.ts";
import { cString, errno, libc, unwrap } from "../../ffi/libc.ts";
import { O_CLOEXEC, O_NONBLOCK, O_RDONLY } from "../../ffi/uapi/fcntl.ts";
import { AT_FDCWD, statx, STATX_INO } from "../../ffi/uapi/linux_stat.ts";
import { POLLIN } from "../../ffi/uapi/poll.ts";
import {
  IN_CLOEXEC,
  IN_CREATE,
  IN_DELETE,
  IN_MOVED_FROM,
  IN_MOVED_TO,
  IN_NONBLOCK,
  IN_ONLYDIR,
} from "../../ffi/uapi/sys_inotify.ts";
import { Descriptor } from "../io/descriptor.ts";
import {
  type Namespace,
  namespacePath,
  NETNS_DIRECTORY,
  OWN_NAMESPACE,
} from "./namespace.ts";
import { namespaceNames } from "./named_namespace.ts";

const TRIED = "watch the names of network namespaces";
/** The parent of the directory of names, which the first name creates. */
const PARENT = "/run";
/** The mounts of this process. */
const MOUNTS = "/proc/self/mountinfo";
const SYS_statx = { x86_64: 332n, aarch64: 291n };
const CHANGES = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |
  IN_ONLYDIR;

/**
 * Watches the names under /run/netns.
 *
 * A name is a file with a namespace mounted on it, or a symbolic link to one in
 * /proc. The file exists before the mount and after it, so both are watched: the
 * kernel's list of mounts, by poll(2), and the directory, by inotify.
 *
 * Source: ip-netns(8), proc_pid_mountinfo(5), inotify(7).
 */
export class NamespaceNames implements AsyncDisposable {
  readonly #mounts: Descriptor;
  readonly #directory: Descriptor;
  readonly #buffer = new Uint8Array(4096);

  private constructor(mounts: Descriptor, directory: Descriptor) {
    this.#mounts = mounts;
    this.#directory = directory;
    this.#discardEvents();
  }

  /** Starts watching. @throws {SystemError} Without /proc. */
  static open(): NamespaceNames {
    const { open, inotify_init1, close } = libc();
    const flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC;
    const mounts = unwrap(open(cString(MOUNTS), flags, 0), "open", {
      tried: TRIED,
    });
    const directory = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (directory < 0) {
      const code = errno();
      close(mounts);
      throw new SystemError("inotify_init1", code, {
        tried: TRIED,
        advice: "The limit is fs.inotify.max_user_instances (sysctl)",
      });
    }
    return new NamespaceNames(
      new Descriptor(mounts, MOUNTS),
      new Descriptor(directory, `names in ${NETNS_DIRECTORY}`),
    );
  }

  /**
   * Names, each with the id of its namespace; names without a namespace, not yet
   * or no longer, are omitted. No namespace is entered, because other processes
   * would see this one in it.
   *
   * @param names The names to read; default: all.
   */
  read(names: Iterable<string> = namespaceNames()): Map<string, string> {
    this.#discardEvents();
    const found = new Map<string, string>();
    for (const name of names) {
      const id = identifyNamespace(name);
      if (id !== undefined) found.set(name, id);
    }
    return found;
  }

  /**
   * Resolves when the names may have changed since read(). Call read() before
   * calling it again: events between the two are dropped.
   *
   * @throws {ClosedError} When it is closed.
   */
  async changed(): Promise<void> {
    const other = new AbortController();
    const { signal } = other;
    try {
      await Promise.race([
        // The list of mounts is always readable, and any poll(2) consumes its
        // POLLPRI: each edge of POLLIN is a change.
        this.#mounts.perform(POLLIN, reported, { signal }),
        this.#directory.wait(POLLIN, { signal }),
      ]);
    } finally {
      other.abort();
    }
  }

  /** Sets whether a pending wait keeps the process alive. */
  setReferenced(referenced: boolean): void {
    for (const descriptor of [this.#mounts, this.#directory]) {
      if (referenced) descriptor.ref();
      else descriptor.unref();
    }
  }

  /** Cancels a pending wait with ClosedError and closes. */
  async close(): Promise<void> {
    await Promise.all([this.#mounts.close(), this.#directory.close()]);
  }

  /** Equivalent to close(). */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Discards queued events, and watches the directory once it exists. */
  #discardEvents(): void {
    const { read } = libc();
    const size = BigInt(this.#buffer.length);
    while (read(this.#directory.fd, this.#buffer, size) > 0);
    // A second watch of the same directory changes nothing.
    if (!this.#watch(NETNS_DIRECTORY)) this.#watch(PARENT);
  }

  #watch(path: string): boolean {
    return libc().inotify_add_watch(
      this.#directory.fd,
      cString(path),
      CHANGES,
    ) >= 0;
  }
}

function reported(events: number): true | undefined {
  return events !== 0 || undefined;
}

/**
 * The id of a namespace, as namespaceId() returns it, without entering it;
 * undefined for a name without a namespace.
 */
export function identifyNamespace(namespace: Namespace): string | undefined {
  const file = identify(namespacePath(namespace));
  // All namespaces are files of one file system.
  return file !== undefined && file.device === identify(OWN_NAMESPACE)?.device
    ? `net:[${file.inode}]`
    : undefined;
}

/** Inode and device of a file, without opening it; undefined without one. */
function identify(
  path: string,
): { readonly inode: bigint; readonly device: string } | undefined {
  const bytes = new Uint8Array(statx.size);
  const number = SYS_statx[Deno.build.arch];
  const name = cString(path);
  if (libc().statx(number, AT_FDCWD, name, 0, STATX_INO, bytes) < 0) {
    const code = errno();
    if (code === ENOENT) return undefined;
    throw new SystemError("statx", code, { tried: TRIED });
  }
  const { stx_ino, stx_dev_major, stx_dev_minor } = statx.get(
    new DataView(bytes.buffer),
    0,
  );
  return { inode: stx_ino, device: `${stx_dev_major}:${stx_dev_minor}` };
}
