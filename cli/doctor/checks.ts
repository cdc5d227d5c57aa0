// All checks; earlier ones explain failures of later ones.

import { capabilities } from "./capabilities.ts";
import type { Check } from "./check.ts";
import { deno } from "./deno.ts";
import { ioUring } from "./io_uring.ts";
import { ipv6 } from "./ipv6.ts";
import { kernel } from "./kernel.ts";
import { libc } from "./libc.ts";
import { linkKinds } from "./link_kinds.ts";
import { namespaces } from "./namespaces.ts";
import { netplumb } from "./netplumb.ts";
import { netlink } from "./netlink.ts";
import { socketBuffers } from "./socket_buffers.ts";
import { tun } from "./tun.ts";
import { udpOffload } from "./udp_offload.ts";
import { udpOptions } from "./udp_options.ts";

export const CHECKS: readonly Check[] = [
  netplumb,
  deno,
  libc,
  kernel,
  capabilities,
  namespaces,
  tun,
  netlink,
  linkKinds,
  ipv6,
  socketBuffers,
  udpOptions,
  udpOffload,
  ioUring,
];
