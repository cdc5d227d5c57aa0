// All operations and faults that are tested, listed in docs/reliability.md.

import { descriptors as descriptorMishaps } from "./mishaps/descriptors.ts";
import { namespaces as namespaceMishaps } from "./mishaps/namespace.ts";
import { netlink as netlinkMishaps } from "./mishaps/netlink.ts";
import { tun as tunMishaps } from "./mishaps/tun.ts";
import { udp as udpMishaps } from "./mishaps/udp.ts";
import { waiting as waitingMishaps } from "./mishaps/waiting.ts";
import type { Mishap, Operation } from "./operation.ts";
import { namespaces } from "./operations/namespace.ts";
import { netlink } from "./operations/netlink.ts";
import { tun } from "./operations/tun.ts";
import { udp } from "./operations/udp.ts";
import { waiting } from "./operations/waiting.ts";

export const operations: readonly Operation[] = [
  ...waiting,
  ...udp,
  ...tun,
  ...netlink,
  ...namespaces,
];

export const mishaps: readonly Mishap[] = [
  ...descriptorMishaps,
  ...waitingMishaps,
  ...udpMishaps,
  ...tunMishaps,
  ...netlinkMishaps,
  ...namespaceMishaps,
];
