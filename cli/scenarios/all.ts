// Every scenario, oldest story first.

import { pktinfoClose } from "./pktinfo_close.ts";
import { pktinfoDualStack } from "./pktinfo_dual_stack.ts";
import type { Scenario } from "./scenario.ts";
import { tunPoll } from "./tun_poll.ts";

export const SCENARIOS: readonly Scenario[] = [
  pktinfoClose,
  pktinfoDualStack,
  tunPoll,
];
