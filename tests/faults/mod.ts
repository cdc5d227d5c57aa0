// All operations and faults that are tested, listed in docs/reliability.md.

import { descriptors as descriptorFaults } from "./mishaps/descriptors.ts";
import { namespaces as namespaceFaults } from "./mishaps/namespace.ts";
import { netlink as netlinkFaults } from "./mishaps/netlink.ts";
import { tun as tunFaults } from "./mishaps/tun.ts";
import { udp as udpFaults } from "./mishaps/udp.ts";
import { waiting as waitingFaults } from "./mishaps/waiting.ts";
import type { FaultCase, Operation } from "./operation.ts";
import { namespaces } from "./operations/namespace.ts";
import { netlink } from "./operations/netlink.ts";
import { service } from "./operations/service.ts";
import { tun } from "./operations/tun.ts";
import { udp } from "./operations/udp.ts";
import { waiting } from "./operations/waiting.ts";

export const operations: readonly Operation[] = [
  ...waiting,
  ...udp,
  ...tun,
  ...netlink,
  ...namespaces,
  ...service,
];

export const faultCases: readonly FaultCase[] = [
  ...descriptorFaults,
  ...waitingFaults,
  ...udpFaults,
  ...tunFaults,
  ...netlinkFaults,
  ...namespaceFaults,
];
