import { EFAULT, EINVAL, EPERM, errnoName } from "../../ffi/errno.ts";
import { errno, libc } from "../../ffi/libc.ts";
import { type Check, readProc } from "./check.ts";

/** The system call number of all architectures. */
const SYS_io_uring_setup = 425n;

/** Informational: netplumb waits with poll, which is faster. */
export const ioUring: Check = {
  topic: "io_uring",
  needsFfi: true,
  run() {
    const disabled = readProc("/proc/sys/kernel/io_uring_disabled");
    // 0 entries are EINVAL if the call exists.
    libc().io_uring_setup(SYS_io_uring_setup, 0, null);
    const code = errno();
    const present = code === EINVAL || code === EFAULT;
    return {
      status: "ok",
      found: present
        ? "available, not used"
        : code === EPERM
        ? "disabled, not used"
        : `not available (${errnoName(code)}), not used`,
      details: {
        present,
        disabled: disabled === undefined ? null : Number(disabled),
      },
    };
  },
};
