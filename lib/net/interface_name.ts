// Checks interface names before the kernel sees them: it silently truncates long
// ones and returns a bare EINVAL for others.

import { IFNAMSIZ } from "../../ffi/uapi/net_if.ts";
import { ArgumentError } from "../errors.ts";

const LONGEST = IFNAMSIZ - 1;
const encoder = new TextEncoder();

function problem(name: string): string | undefined {
  if (name === "") return "an interface name: it is empty";
  if (name === "." || name === "..") {
    return "an interface name: that is a directory";
  }
  const bytes = encoder.encode(name);
  if (bytes.length > LONGEST) {
    return `an interface name: ${bytes.length} bytes, ${LONGEST} at most`;
  }
  // Slash, colon and white space as dev_valid_name() has them, with Latin-1's
  // no-break space byte; control characters would reach a terminal.
  const wrong = bytes.find((b) =>
    b <= 0x20 || b === 0x7f || b === 0xa0 || b === 0x2f || b === 0x3a
  );
  return wrong === undefined
    ? undefined
    : "an interface name: no slash, colon, white space or control character" +
      " may stand in one";
}

/**
 * Checks an interface name.
 *
 * @param name The name, for example `eth0`.
 * @param argument The name of the option or parameter, for the error.
 * @returns The name. Source: dev_valid_name() of net/core/dev.c.
 * @throws {ArgumentError} if it is empty, longer than 15 bytes, `.` or `..`, or
 * holds a slash, a colon, white space, a control character or a `%`.
 */
export function checkInterfaceName(name: string, argument = "name"): string {
  const wrong = problem(name) ??
    (name.includes("%") ? "an interface name: % may not stand in one" : "");
  if (wrong) throw new ArgumentError(argument, name, wrong);
  return name;
}

/**
 * Checks an interface name or a pattern for one.
 *
 * @param pattern A name, or one with a single `%d` for the kernel to number.
 * @param argument The name of the option or parameter, for the error.
 * @returns The pattern. Source: dev_alloc_name() of net/core/dev.c.
 * @throws {ArgumentError} if it is neither.
 */
export function checkInterfacePattern(
  pattern: string,
  argument = "name",
): string {
  const wrong = problem(pattern) ??
    (/^[^%]*(%d)?[^%]*$/.test(pattern)
      ? undefined
      : "an interface name: % may only stand in it once, as %d");
  if (wrong) throw new ArgumentError(argument, pattern, wrong);
  return pattern;
}
