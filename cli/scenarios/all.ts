// Every scenario, oldest story first.

import { pktinfoClose } from "./pktinfo_close.ts";
import { pktinfoDualStack } from "./pktinfo_dual_stack.ts";
import type { Scenario } from "./scenario.ts";

export const SCENARIOS: readonly Scenario[] = [pktinfoClose, pktinfoDualStack];
