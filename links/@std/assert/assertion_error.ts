/** What every failed assertion throws. */
export class AssertionError extends Error {
  override name = "AssertionError";
}

/** Ends a message the way upstream does: with the caller's words, or a dot. */
export function suffix(message: string | undefined): string {
  return message ? `: ${message}` : ".";
}
