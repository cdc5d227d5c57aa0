// An eventfd, which one thread signals and another waits for.

import { EINTR, SystemError } from "../../ffi/errno.ts";
import { errno, libc, unwrap } from "../../ffi/libc.ts";
import { EFD_CLOEXEC, EFD_NONBLOCK } from "../../ffi/uapi/poll.ts";

const ONE = new Uint8Array(new BigUint64Array([1n]).buffer);
/** An eventfd is read and written eight bytes at a time. */
const SIZE = 8n;

/** Opens an eventfd. @throws {SystemError} EMFILE ... */
export function openEventfd(tried: string): number {
  const fd = libc().eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  return unwrap(fd, "eventfd", { tried });
}

/** Signals an eventfd. @throws {SystemError} EBADF ... */
export function signalEventfd(fd: number, tried: string): void {
  const { write } = libc();
  while (write(fd, ONE, SIZE) < 0) {
    const code = errno();
    if (code !== EINTR) throw new SystemError("write", code, { tried });
  }
}
