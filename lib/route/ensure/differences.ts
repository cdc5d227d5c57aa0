// All that differs between a configuration and the state, as steps in the order
// in which they can be done.

import { Comparison } from "./comparison.ts";
import type { DesiredNetwork, NamespaceName } from "./desired.ts";
import type { Step } from "./step.ts";
import type { View, Whereabouts } from "./whereabouts.ts";

/** A described link that cannot be made and is not there. */
export interface Missing {
  /** The namespace it is to be in. */
  readonly namespace: NamespaceName;
  /** Its name. */
  readonly name: string;
}

/** What differs. */
export interface Differences {
  /** In the order in which they can be done. */
  readonly steps: readonly Step[];
  /** Devices of the machine that are waited for. */
  readonly missing: readonly Missing[];
}

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
