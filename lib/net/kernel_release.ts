// The release of the running kernel, for what messages do not contain.

import { libc, unwrap } from "../../ffi/libc.ts";
import { utsname } from "../../ffi/uapi/sys_utsname.ts";

/** Whether the kernel is of this release or a later one. Source: uname(2). */
export function isRelease(major: number, minor: number): boolean {
  const bytes = utsname.build({});
  unwrap(libc().uname(bytes), "uname");
  const { release } = utsname.get(new DataView(bytes.buffer), 0);
  const [ofMajor = 0, ofMinor = 0] = release.split(".").map(Number.parseFloat);
  return ofMajor > major || ofMajor === major && ofMinor >= minor;
}
