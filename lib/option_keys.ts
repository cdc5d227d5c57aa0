// Names of options: a misspelt one in plain JavaScript is refused, not ignored.

import { ArgumentError } from "./errors.ts";

/**
 * Checks that every option that is set has a known name.
 *
 * @param argument The name of the parameter that holds the options.
 * @param known An object with a key for each option there is.
 * @throws {ArgumentError} For an unknown option.
 */
export function checkKeys(
  argument: string,
  options: object,
  known: Readonly<Record<string, unknown>>,
): void {
  for (const key in options) {
    if (Object.hasOwn(known, key)) continue;
    const all = Object.keys(known).join(", ");
    throw new ArgumentError(argument, key, `one of ${all}`);
  }
}
