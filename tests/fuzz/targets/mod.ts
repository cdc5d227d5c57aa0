// All targets. New code that reads bytes of untrusted senders belongs here.

import type { Target } from "../target.ts";
import { control } from "./control.ts";
import { description } from "./description.ts";
import { netlink } from "./netlink.ts";
import { offload } from "./offload.ts";
import { ethernet, ip } from "./packet.ts";
import { route } from "./route.ts";

export const targets: readonly Target[] = [
  control,
  description,
  netlink,
  route,
  ip,
  ethernet,
  offload,
];
