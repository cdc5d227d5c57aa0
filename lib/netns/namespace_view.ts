// Mounts of a named namespace, as `ip netns exec` makes them: its /sys, and the
// files of /etc/netns/NAME over those in /etc.

import { SystemError } from "../../ffi/errno.ts";
import { cString, errno, libc, unwrap } from "../../ffi/libc.ts";
import {
  CLONE_NEWNS,
  MNT_DETACH,
  MS_BIND,
  MS_REC,
  MS_SLAVE,
  O_CLOEXEC,
  O_RDONLY,
} from "../../ffi/uapi/fcntl.ts";
import { inNamespace, type Namespace } from "./namespace.ts";

const HERE = "/proc/thread-self/ns/mnt";
/** Where `ip netns exec` finds the files of a namespace. */
const ETC = "/etc/netns";

function mount(
  source: string,
  target: string,
  type: string,
  flags: number,
  tried: string,
): void {
  const done = libc().mount(
    cString(source),
    cString(target),
    cString(type),
    BigInt(flags),
    cString(""),
  );
  unwrap(done, "mount", { tried });
}

/** An open file or directory to return to after its path has changed its meaning. */
class OpenPath implements Disposable {
  readonly fd: number;

  constructor(path: string, tried: string) {
    const { open } = libc();
    const fd = open(cString(path), O_RDONLY | O_CLOEXEC, 0);
    this.fd = unwrap(fd, "open", { tried });
  }

  [Symbol.dispose](): void {
    libc().close(this.fd);
  }
}

/** The files of a namespace in /etc/netns. */
function ownFiles(namespace: Namespace): string[] {
  if (typeof namespace === "number" || namespace.startsWith("/")) return [];
  try {
    return [...Deno.readDirSync(`${ETC}/${namespace}`)].map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/**
 * Runs `body` as inNamespace() does, with the mounts of `ip netns exec`: the
 * commands that it spawns see /sys of that namespace, and the files of
 * /etc/netns/NAME, such as resolv.conf, in /etc.
 *
 * The calling thread permanently stops sharing its working directory with the
 * other threads of the process: use it in a process that does nothing else.
 * Source: ip-netns(8), mount_namespaces(7).
 *
 * @param namespace The namespace.
 * @param body Synchronous; usually spawns a command.
 * @throws {SystemError} Without CAP_SYS_ADMIN, or if the namespace does not exist.
 */
export function inNamespaceView<T>(namespace: Namespace, body: () => T): T {
  const tried = `show namespace ${namespace} its own /sys and /etc`;
  const { chroot, fchdir, setns, umount2, unshare } = libc();
  return inNamespace(namespace, () => {
    using home = new OpenPath(HERE, tried);
    using root = new OpenPath("/", tried);
    using directory = new OpenPath(".", tried);
    if (unshare(CLONE_NEWNS) < 0) {
      throw new SystemError("unshare", errno(), {
        tried,
        capability: "CAP_SYS_ADMIN",
      });
    }
    try {
      mount("", "/", "none", MS_SLAVE | MS_REC, tried);
      umount2(cString("/sys"), MNT_DETACH);
      mount(String(namespace), "/sys", "sysfs", 0, tried);
      for (const name of ownFiles(namespace)) {
        const file = `${ETC}/${namespace}/${name}`;
        mount(file, `/etc/${name}`, "none", MS_BIND, `show ${file} in /etc`);
      }
      return body();
    } finally {
      const back = { tried: `return from namespace ${namespace}` };
      unwrap(setns(home.fd, CLONE_NEWNS), "setns", back);
      // setns() leads to the root of all mounts, which is not this process's after
      // a chroot.
      unwrap(fchdir(root.fd), "fchdir", back);
      unwrap(chroot(cString(".")), "chroot", back);
      unwrap(fchdir(directory.fd), "fchdir", back);
    }
  });
}
