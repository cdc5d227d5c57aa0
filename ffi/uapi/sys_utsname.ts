// <sys/utsname.h>: name and release of the kernel.

import { cstring, struct } from "../struct.ts";

export const headers = ["sys/utsname.h"] as const;

export const utsname = struct("struct utsname", {
  sysname: cstring(65),
  nodename: cstring(65),
  release: cstring(65),
  version: cstring(65),
  machine: cstring(65),
  domainname: cstring(65),
});
