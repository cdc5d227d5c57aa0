// All scenarios, in the order of docs/field-reports.md.

import { netlinkDumpInterrupted } from "./netlink_dump_interrupted.ts";
import { netlinkShutdown } from "./netlink_shutdown.ts";
import { pktinfoClose } from "./pktinfo_close.ts";
import { pktinfoDualStack } from "./pktinfo_dual_stack.ts";
import type { Scenario } from "./runner.ts";
import { tunPoll } from "./tun_poll.ts";

export const SCENARIOS: readonly Scenario[] = [
  pktinfoClose,
  pktinfoDualStack,
  tunPoll,
  netlinkShutdown,
  netlinkDumpInterrupted,
];
