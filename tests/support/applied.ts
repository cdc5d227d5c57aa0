// A configuration of one namespace, applied or removed by a new reconciler: as
// `ensure --once` and `ensure --down` do, in this process.

import { assertEquals } from "@std/assert";
import { parseConfiguration } from "../../lib/ensure/parse/parse.ts";
import { Reconciler } from "../../lib/ensure/reconcile/reconciler.ts";
import type { Netns } from "./netns.ts";

function opened(netns: Netns, configuration: unknown): Promise<Reconciler> {
  const desired = parseConfiguration(configuration);
  return Reconciler.open(desired, { namespace: netns.name });
}

/** Applies it, and checks that a second run would change nothing. */
export async function applied(
  netns: Netns,
  configuration: unknown,
): Promise<string[]> {
  await using reconciler = await opened(netns, configuration);
  const { applied, refused } = await reconciler.apply();
  if (refused !== undefined) throw refused.error;
  assertEquals((await reconciler.plan()).actions, [], "second run");
  return applied.map(({ summary, reasons }) =>
    [summary, ...reasons].join(": ")
  );
}

/** Removes what it describes. */
export async function removed(
  netns: Netns,
  configuration: unknown,
): Promise<string[]> {
  await using reconciler = await opened(netns, configuration);
  const { removed, refused } = await reconciler.down();
  assertEquals(refused, []);
  return removed.map(({ summary }) => summary);
}
