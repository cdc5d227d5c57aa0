// Socket activation: descriptors that a service manager opened and passed.

import { libc, unwrap } from "../../ffi/libc.ts";
import { F_SETFD, FD_CLOEXEC } from "../../ffi/uapi/fcntl.ts";

/** A descriptor that the service manager passed. */
export interface ActivationDescriptor {
  /** Its number. */
  readonly fd: number;
  /** Its name (FileDescriptorName= of systemd.socket(5)), or "unknown". */
  readonly name: string;
}

/** The first descriptor that is passed (SD_LISTEN_FDS_START). */
const FIRST = 3;

/**
 * Returns the descriptors that a service manager passed to this process, for
 * `UdpSocket.fromDescriptor`; an empty list without socket activation. The
 * caller owns them: the environment variables are removed, so that a second
 * call returns none.
 *
 * Needs --allow-env=LISTEN_PID,LISTEN_FDS,LISTEN_FDNAMES.
 *
 * Source: sd_listen_fds(3), systemd.socket(5).
 *
 * @throws {SystemError} EBADF if a descriptor is not open.
 *
 * @example
 * ```ts
 * import { activationDescriptors, UdpSocket } from "@netplumb/netplumb";
 *
 * const passed = activationDescriptors().find(({ name }) => name === "dns");
 * await using socket = passed === undefined
 *   ? UdpSocket.bind({ address: "127.0.0.1" })
 *   : UdpSocket.fromDescriptor(passed.fd);
 * ```
 */
export function activationDescriptors(): ActivationDescriptor[] {
  const pid = Deno.env.get("LISTEN_PID");
  const count = Number(Deno.env.get("LISTEN_FDS") ?? 0);
  const names = Deno.env.get("LISTEN_FDNAMES")?.split(":") ?? [];
  if (pid !== String(Deno.pid) || !Number.isInteger(count) || count < 1) {
    return [];
  }
  const descriptors = Array.from({ length: count }, (_, index) => {
    const fd = FIRST + index;
    unwrap(libc().fcntl(fd, F_SETFD, FD_CLOEXEC), "fcntl", {
      tried: `take over descriptor ${fd} of socket activation`,
    });
    return { fd, name: names[index] || "unknown" };
  });
  for (const name of ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"]) {
    Deno.env.delete(name);
  }
  return descriptors;
}
