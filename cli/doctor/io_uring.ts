import { EFAULT, EINVAL, EPERM, errnoName } from "../../ffi/errno.ts";
import { errno, libc } from "../../ffi/libc.ts";
import { type Check, readProc } from "./check.ts";

/** Its number, the same in every architecture since it is this young. */
const SYS_io_uring_setup = 425n;

/** Told for those who wonder: netplumb waits with poll, which was faster. */
export const ioUring: Check = {
  topic: "io_uring",
  needsFfi: true,
  look() {
    const disabled = readProc("/proc/sys/kernel/io_uring_disabled");
    // No entries: refused as invalid wherever the call exists.
    libc().io_uring_setup(SYS_io_uring_setup, 0, null);
    const code = errno();
    const present = code === EINVAL || code === EFAULT;
    return {
      status: "ok",
      found: present
        ? "there, not used"
        : code === EPERM
        ? "switched off, not used"
        : `not there (${errnoName(code)}), not used`,
      details: {
        present,
        disabled: disabled === undefined ? null : Number(disabled),
      },
    };
  },
};
