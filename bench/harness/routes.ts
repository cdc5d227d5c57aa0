// Routes of a namespace with many.

import type { Netns } from "../../tests/support/netns.ts";

const GATEWAYS = 16;

/** Lines for every number below `count`. */
export function numbered(
  count: number,
  line: (index: number) => string,
): string {
  return Array.from({ length: count }, (_, index) => line(index)).join("\n");
}

/** Creates a link with an address. */
export async function addLinkForRoutes(netns: Netns): Promise<void> {
  await netns.batch(`
    link add eth0 type veth peer name eth1
    link set eth0 up
    link set eth1 up
    address add 192.0.2.1/24 dev eth0
  `);
}

/** A command of `ip -batch` that adds a route; the prefixes are consecutive. */
export function routeLine(index: number): string {
  return `route add ${16 + (index >> 16)}.${index >> 8 & 255}.${index & 255}\
.0/24 via 192.0.2.${2 + index % GATEWAYS} dev eth0 proto static metric 100`;
}

/** Creates a link and routes. */
export async function fillRoutes(netns: Netns, count: number): Promise<void> {
  await addLinkForRoutes(netns);
  await netns.batch(numbered(count, routeLine));
}
