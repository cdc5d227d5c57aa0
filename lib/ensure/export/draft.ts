// Values of a configuration that is being built.

import type { State } from "../plan/state.ts";

/** A value of a configuration that is being built. */
export type Draft = Record<string, unknown>;

/** Keys of a spec whose values are undefined are left out. */
export function present(values: Draft): Draft {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined),
  );
}

/** The name of a link; undefined for none. */
export function deviceOf(ifindex: number, state: State): string | undefined {
  return ifindex === 0 ? undefined : state.nameOf(ifindex);
}
