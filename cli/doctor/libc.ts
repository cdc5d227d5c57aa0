import { libc as symbols } from "../../ffi/libc.ts";
import { type Check, readProc } from "./check.ts";

/** The C library, which all system calls use. */
export const libc: Check = {
  topic: "libc",
  essential: true,
  needsFfi: true,
  run() {
    let version: string;
    try {
      const at = symbols().gnu_get_libc_version?.() ?? null;
      version = at === null
        ? "not glibc"
        : `glibc ${Deno.UnsafePointerView.getCString(at)}`;
    } catch (error) {
      return {
        status: "missing",
        found: (error as Error).message,
        limits: "everything: no system call can be made",
        advice: "Install glibc (libc.so.6) or musl for this architecture",
      };
    }
    const path = mapped();
    const details = { version, path };
    return {
      status: "ok",
      found: path === undefined ? version : `${version}, ${path}`,
      details,
    };
  },
};

/** The file it was loaded from, from the memory map of the process. */
function mapped(): string | undefined {
  const maps = readProc("/proc/self/maps") ?? "";
  return /\s(\/\S*\/(?:libc\.so\.6|libc-2\.\S+|libc\.musl\S*|ld-musl\S*))$/m
    .exec(maps)?.[1];
}
