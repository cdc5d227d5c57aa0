// A reconciler of a bridge, a veth pair and routes, which others change.
//
//   ensure.ts CONFIGURATION

import { parseConfiguration } from "../../../lib/ensure/parse/parse.ts";
import { Reconciler } from "../../../lib/ensure/reconcile/reconciler.ts";
import { sayMemory } from "../subject.ts";

const counts = { corrections: 0, conflicts: 0, overruns: 0 };
const configuration = parseConfiguration(JSON.parse(Deno.args[0]));
const reconciler = await Reconciler.open(configuration);
const { refused } = await reconciler.apply();
if (refused !== undefined) throw refused.error;
sayMemory(() => counts);
for await (const { event } of reconciler.reconcile()) {
  if (event === "corrected") counts.corrections++;
  if (event === "conflict") counts.conflicts++;
  if (event === "overrun") counts.overruns++;
}
