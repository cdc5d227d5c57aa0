// The changes that add desired objects: made to check a configuration when it
// is read, kept for all that follows.

import type { Change } from "../../rtnetlink/changes/change.ts";

const changes = new WeakMap<object, Change>();

/** Keeps the change that adds an object, by its specification. */
export function keepChange(spec: object, change: Change): void {
  changes.set(spec, change);
}

/** The change that adds an object, made now if it was not kept. */
export function changeOf(spec: object, make: () => Change): Change {
  let change = changes.get(spec);
  if (change === undefined) changes.set(spec, change = make());
  return change;
}
