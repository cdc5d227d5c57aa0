// netplumb show rule: selects rules and prints them with iproute2's keys.

import { ipRule } from "../../lib/iproute2/rule.ts";
import type { RouteSocket } from "../../lib/rtnetlink/socket.ts";
import { bounds, interrupted, type Shown, type ShowOptions } from "./shown.ts";

/** Filters of rules. */
export interface ShowRuleOptions extends ShowOptions {
  /** Only rules that look up this table. */
  readonly table?: number;
}

export async function showRules(
  route: RouteSocket,
  options: ShowRuleOptions,
): Promise<Shown> {
  const { details, table } = options;
  const rules = await route.rules({
    ...bounds(options),
    family: options.family ?? "inet",
  });
  return {
    objects: rules
      .filter((rule) => table === undefined || rule.table === table)
      .map((rule) => ipRule(rule, { details })),
    interrupted: interrupted(rules),
  };
}
