// A configuration of one namespace, applied or removed by a new reconciler: as
// `ensure --once` and `ensure --down` do, in this process.

import { assertEquals } from "@std/assert";
import { parseConfiguration } from "../../lib/ensure/parse/parse.ts";
import { Reconciler } from "../../lib/ensure/reconcile/reconciler.ts";
import type { Netns } from "./netns.ts";

/** Applies it, and checks that a second run would change nothing. */
export async function applied(
  netns: Netns,
  configuration: unknown,
): Promise<string[]> {
  const desired = parseConfiguration(configuration);
  const options = { namespace: netns.name };
  await using reconciler = await Reconciler.open(desired, options);
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
  const desired = parseConfiguration(configuration);
  const options = { namespace: netns.name };
  await using reconciler = await Reconciler.open(desired, options);
  const { removed, refused } = await reconciler.down();
  assertEquals(refused, []);
  return removed.map(({ summary }) => summary);
}
