// Sysctls of a network namespace: files under /proc/sys/net, as a thread in the
// namespace finds them. Source: sysctl(8), proc_sys_net(5).

import { EACCES, EINVAL, ENOENT, EPERM, SystemError } from "../../ffi/errno.ts";
import { cString, errno, libc, unwrap } from "../../ffi/libc.ts";
import { O_CLOEXEC, O_RDONLY, O_WRONLY } from "../../ffi/uapi/fcntl.ts";
import { POLLIN } from "../../ffi/uapi/poll.ts";
import {
  IN_CLOEXEC,
  IN_IGNORED,
  IN_MODIFY,
  IN_NONBLOCK,
  inotify_event,
} from "../../ffi/uapi/sys_inotify.ts";
import { ArgumentError } from "../errors.ts";
import { Descriptor } from "../io/descriptor.ts";
import { inNamespace, isGone, type Namespace } from "./namespace.ts";

const ROOT = "/proc/sys";
/** The longest values are lists, for example of congestion controls. */
const BUFFER = new Uint8Array(4096);
const decoder = new TextDecoder();

/**
 * The parts of a name: "net.ipv4.ip_forward", or "net/ipv4/ip_forward". The
 * separator that comes second stands for a dot in a part, as with sysctl(8):
 * "net.ipv4.conf.eth0/5.forwarding" is of the link eth0.5.
 *
 * @throws {ArgumentError} For a name outside of `net`.
 */
export function sysctlParts(name: string): string[] {
  const slashes = /^[^./]*\//.test(name);
  const parts = slashes
    ? name.split("/")
    : name.split(".").map((part) => part.replaceAll("/", "."));
  const isPlain = (part: string) =>
    /^[^/\0]+$/.test(part) && !/^\.+$/.test(part);
  if (parts[0] !== "net" || parts.length < 2 || !parts.every(isPlain)) {
    const expected =
      "the name of a sysctl of network namespaces, such as net.ipv4.ip_forward";
    throw new ArgumentError("sysctl", name, expected);
  }
  return parts;
}

/** The name with dots between its parts. */
export function sysctlName(parts: readonly string[]): string {
  return parts.map((part) => part.replaceAll(".", "/")).join(".");
}

/** A value in the form in which values are compared: one space in between. */
export function sysctlValue(text: string): string {
  return text.trim().split(/\s+/).join(" ");
}

function pathOf(name: string): Uint8Array<ArrayBuffer> {
  return cString([ROOT, ...sysctlParts(name)].join("/"));
}

/** Opens a sysctl, runs `body` and closes it. */
function withFile<T>(
  name: string,
  flags: number,
  tried: string,
  body: (fd: number) => T,
): T {
  const fd = libc().open(pathOf(name), flags | O_CLOEXEC, 0);
  if (fd < 0) throw refused("open", errno(), tried);
  try {
    return body(fd);
  } finally {
    libc().close(fd);
  }
}

function refused(syscall: string, code: number, tried: string): SystemError {
  return new SystemError(syscall, code, {
    tried,
    ...(code === ENOENT
      ? {
        advice: "Check its name; its link or its kernel module may be missing",
      }
      : code === EINVAL
      ? { advice: "The kernel does not accept this value" }
      : code === EACCES || code === EPERM
      ? {
        advice: "Run as root; some sysctls can only be read in a namespace",
      }
      : {}),
  });
}

/** The value of a sysctl in the namespace of this thread. */
function readHere(name: string): string {
  const tried = `read sysctl ${name}`;
  return withFile(name, O_RDONLY, tried, (fd) => {
    const length = libc().read(fd, BUFFER, BigInt(BUFFER.length));
    if (length < 0) throw refused("read", errno(), tried);
    return sysctlValue(decoder.decode(BUFFER.subarray(0, length)));
  });
}

/**
 * Writes a sysctl.
 *
 * @param namespace The network namespace; undefined is this thread's.
 * @throws {ArgumentError} For a name outside of `net`.
 * @throws {SystemError} If the sysctl does not exist or rejects the value.
 */
export function writeSysctl(
  namespace: Namespace | undefined,
  name: string,
  value: string,
): void {
  const tried = `set sysctl ${name} to ${value}`;
  const bytes = new TextEncoder().encode(`${value}\n`);
  inNamespace(namespace, () =>
    withFile(name, O_WRONLY, tried, (fd) => {
      const length = libc().write(fd, bytes, BigInt(bytes.length));
      if (length < 0) throw refused("write", errno(), tried);
    }));
}

/**
 * Reads a sysctl; undefined if it or the namespace does not exist.
 *
 * @param namespace The network namespace; undefined is this thread's.
 * @param before Runs in the namespace, before the sysctl is read.
 * @throws {SystemError} If it cannot be read.
 */
export function readSysctl(
  namespace: Namespace | undefined,
  name: string,
  before?: () => void,
): string | undefined {
  try {
    return inNamespace(namespace, () => {
      before?.();
      return readHere(name);
    });
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/**
 * Watches sysctls for writes of other programs.
 *
 * Changes that the kernel makes itself, and writes through the /proc of another
 * PID namespace, are not reported. Each sysctl has a tag, for example its
 * namespace. Source: inotify(7).
 */
export class SysctlWatch<T> implements AsyncDisposable {
  readonly #descriptor: Descriptor;
  readonly #buffer = new Uint8Array(4096);
  readonly #tags = new Map<number, T>();

  private constructor(descriptor: Descriptor) {
    this.#descriptor = descriptor;
  }

  /** @throws {SystemError} At the limit of inotify instances. */
  static open<T>(): SysctlWatch<T> {
    const fd = libc().inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    unwrap(fd, "inotify_init1", {
      tried: "watch sysctls",
      advice: "The limit is fs.inotify.max_user_instances (sysctl)",
    });
    return new SysctlWatch<T>(new Descriptor(fd, "sysctls"));
  }

  /** Watches a sysctl; this thread has to be in its namespace. */
  add(name: string, tag: T): void {
    const { inotify_add_watch } = libc();
    // Without a watch, for example at a limit, the sysctl is read periodically.
    const watch = inotify_add_watch(
      this.#descriptor.fd,
      pathOf(name),
      IN_MODIFY,
    );
    if (watch >= 0) this.#tags.set(watch, tag);
  }

  /**
   * Waits for writes, and returns the tags of the sysctls.
   *
   * @throws {ClosedError} When it is closed.
   */
  changed(): Promise<Set<T>> {
    return this.#descriptor.perform(POLLIN, () => this.#read());
  }

  /** The tags of the events so far; undefined without events. */
  #read(): Set<T> | undefined {
    const changed = new Set<T>();
    const view = new DataView(this.#buffer.buffer);
    const size = BigInt(this.#buffer.length);
    for (;;) {
      const end = libc().read(this.#descriptor.fd, this.#buffer, size);
      if (end <= 0) return changed.size === 0 ? undefined : changed;
      for (let at = 0; at + inotify_event.size <= end;) {
        const { wd, mask, len } = inotify_event.get(view, at);
        at += inotify_event.size + len;
        if (this.#tags.has(wd)) changed.add(this.#tags.get(wd)!);
        if ((mask & IN_IGNORED) !== 0) this.#tags.delete(wd);
      }
    }
  }

  /** Cancels a pending wait with ClosedError and closes. */
  close(): Promise<void> {
    return this.#descriptor.close();
  }

  /** Equivalent to close(). */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
