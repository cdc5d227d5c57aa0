// All there is in a namespace, as `ip` shows it: what to compare when nothing
// may be left.

import type { Netns } from "./netns.ts";

/** State that is constant without changes. */
const KEPT = [
  "altnames",
  "dev",
  "dst",
  "gateway",
  "id",
  "ifname",
  "lladdr",
  "local",
  "mtu",
  "prefixlen",
  "priority",
  "qdisc",
  "src",
  "table",
  "txqlen",
  "type",
];

const COMMANDS = [
  "address show",
  "route show table all",
  "nexthop show",
  "neighbour show nud permanent",
];

/**
 * Whether the kernel made an object of a link's random MAC address, now or a
 * moment later: a link-local address, its routes and the groups it joins.
 */
export function isOfItsLink(object: unknown): boolean {
  const { dst, local } = object as { dst?: string; local?: string };
  const address = dst ?? local ?? "";
  return /^fe80::(\/64$|[0-9a-f:]*ff:fe)|^ff02::/.test(address);
}

/** Keeps of each object what stays, and objects within. */
function kept(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.filter((one) => !isOfItsLink(one)).map(kept);
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, inner]) => KEPT.includes(key) || Array.isArray(inner))
      .filter(([key]) => key !== "flags")
      .map(([key, inner]) => [key, kept(inner)]),
  );
}

/** The objects of a namespace, a line each, sorted. */
export async function inventory(netns: Netns): Promise<string[]> {
  const batch = (commands: string[], ...flags: string[]) =>
    netns.run("ip", [...flags, "-j", "-batch", "-"], {
      stdin: commands.join("\n") + "\n",
    });
  const texts = [
    await batch([...COMMANDS, "rule show"]),
    await batch(["rule show"], "-6"),
  ];
  return texts.flatMap((text) => text.split("\n"))
    .filter((line) => line.trim() !== "")
    .flatMap((line) => JSON.parse(line))
    .filter((object) => !isOfItsLink(object))
    .map((object) => JSON.stringify(kept(object)))
    .toSorted();
}
