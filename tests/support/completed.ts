// Runs all parts of work that can be interrupted between them.

/** The result of the work, without a pause. */
export function completed<T>(parts: Generator<void, T>): T {
  let part = parts.next();
  while (!part.done) part = parts.next();
  return part.value;
}
