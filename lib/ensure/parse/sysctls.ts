// Parses the sysctls of a namespace and of a link.

import { sysctlName, sysctlParts, sysctlValue } from "../../netns/sysctl.ts";
import type { Reader } from "../../rtnetlink/spec/value.ts";
import type { DesiredSysctl } from "./desired.ts";
import type { Path } from "./error.ts";
import type { Input } from "./input.ts";

/** The directories with a directory for each link. */
const OF_LINKS: ReadonlySet<string> = new Set(["conf", "neigh"]);
/** Directories among them that are no links. */
const NO_LINKS: ReadonlySet<string> = new Set(["all", "default"]);

/** The name of a sysctl of a namespace. */
export const SYSCTL: Reader<string> = {
  expected: "the name of a sysctl, such as net.ipv4.ip_forward",
  schema: { type: "string", pattern: "^net[./].+$" },
  read: (given) => sysctlName(sysctlParts(String(given))),
};

/** The name of a sysctl of a link, without the link. */
export const LINK_SYSCTL: Reader<string> = {
  expected: "the name of a sysctl of links, without the link, such as " +
    "net.ipv6.conf.accept_ra or net.ipv4.neigh.gc_stale_time",
  schema: {
    type: "string",
    pattern: "^net[./][^./]+[./](conf|neigh)[./][^./]+$",
  },
  read: (given) => sysctlName(sysctlParts(String(given))),
};

/** The value of a sysctl. */
export const SYSCTL_VALUE: Reader<string> = {
  expected: "a whole number or text, as sysctl(8) prints it",
  schema: {
    anyOf: [
      { type: "integer" },
      { type: "string", pattern: "^(?!(true|false)$).*\\S" },
    ],
  },
  // No sysctl has these values; 1 and 0 are meant.
  read: (given) =>
    /^(true|false)$/.test(String(given))
      ? undefined
      : sysctlValue(String(given)),
};

/**
 * Parses sysctls.
 *
 * @param dev The link, for sysctls of a link.
 */
export function parseSysctls(
  input: Input,
  path: Path,
  given: unknown,
  dev?: string,
): DesiredSysctl[] {
  if (given === undefined || given === null) return [];
  const mapping = input.mapping(path, given);
  const reader = dev === undefined ? SYSCTL : LINK_SYSCTL;
  return Object.entries(mapping ?? {}).flatMap(([key, given]) => {
    const at = [...path, key];
    const value = input.value(at, given, SYSCTL_VALUE);
    const name = input.value(at, key, reader);
    if (value === undefined || name === undefined) return [];
    const parts = sysctlParts(name);
    if (dev !== undefined) parts.splice(3, 0, dev);
    const directory = parts.length === 5 && OF_LINKS.has(parts[2]!)
      ? parts[3]!
      : undefined;
    return [{
      path: at,
      name: sysctlName(parts),
      value,
      dev: directory === undefined || NO_LINKS.has(directory)
        ? undefined
        : directory,
    }];
  });
}
