// All that differs between a configuration and the state, as steps in the order
// in which they can be done.

import { Comparison, type Differences } from "./comparison.ts";
import type { DesiredNetwork } from "../parse/desired.ts";
import type { View, Whereabouts } from "./whereabouts.ts";

/** Finds all that differs, and notes where the links are. */
export async function differences(
  desired: DesiredNetwork,
  view: View,
  whereabouts: Whereabouts,
): Promise<Differences> {
  const { steps, missing } = await new Comparison(desired, whereabouts)
    .update(view);
  return { steps, missing };
}
