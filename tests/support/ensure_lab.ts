// A small lab as one description: three namespaces, a bridge, two veth pairs, a
// macvlan, addresses of both IP versions, static and multipath routes. And what
// `ip` says of such namespaces, without what is no part of it.

import type { NetworkConfiguration } from "../../lib/ensure/parse/configuration.ts";
import { type Netns, UnmadeNetns } from "./netns.ts";

/** The namespaces of a lab; ensure makes them. */
export class EnsureLab implements AsyncDisposable {
  readonly router = new UnmadeNetns("router");
  readonly left = new UnmadeNetns("left");
  readonly right = new UnmadeNetns("right");

  /** All of them. */
  get all(): UnmadeNetns[] {
    return [this.router, this.left, this.right];
  }

  /** What is to be. */
  get description(): NetworkConfiguration {
    const { router, left, right } = this;
    return {
      namespaces: {
        [router.name]: {
          links: [
            { name: "lo", up: true },
            {
              name: "br0",
              kind: "bridge",
              up: true,
              mtu: 1400,
              options: { stp_state: false, forward_delay: 400 },
              addresses: [
                "192.0.2.1/24",
                { address: "2001:db8:1::1/64", nodad: true },
              ],
            },
            {
              name: "p1",
              kind: "veth",
              up: true,
              mtu: 1400,
              master: "br0",
              port: { kind: "bridge", options: { cost: 10, hairpin: true } },
              options: { peer: { name: "eth0", netns: left.name, up: true } },
            },
            {
              name: "p2",
              kind: "veth",
              up: true,
              mtu: 1400,
              master: "br0",
              options: { peer: { name: "eth0", netns: right.name } },
            },
          ],
          routes: [
            { to: "198.51.100.0/24", via: "192.0.2.2", protocol: "static" },
            {
              to: "203.0.113.0/24",
              nexthops: [
                { via: "192.0.2.2", weight: 2 },
                { via: "192.0.2.3" },
              ],
            },
            {
              to: "2001:db8:9::/48",
              nexthops: [
                { via: "2001:db8:1::2", dev: "br0" },
                { via: "2001:db8:1::3", dev: "br0" },
              ],
            },
          ],
        },
        [left.name]: {
          links: [
            { name: "lo", up: true },
            {
              name: "eth0",
              mtu: 1400,
              addresses: [
                "192.0.2.2/24",
                { address: "2001:db8:1::2/64", nodad: true },
              ],
            },
            {
              name: "mv0",
              kind: "macvlan",
              link: "eth0",
              up: true,
              options: { mode: "bridge" },
              addresses: ["198.51.100.1/24"],
            },
          ],
          routes: [
            { to: "default", via: "192.0.2.1" },
            { to: "default", via: "2001:db8:1::1" },
            { to: "10.9.0.0/16", type: "blackhole" },
          ],
        },
        [right.name]: {
          links: [
            { name: "lo", up: true },
            {
              name: "eth0",
              up: true,
              mtu: 1400,
              addresses: [
                "192.0.2.3/24",
                { address: "2001:db8:1::3/64", nodad: true },
              ],
            },
          ],
          routes: [{ to: "default", via: "192.0.2.1", metric: 5, mtu: 1300 }],
        },
      },
    };
  }

  /** What `ip` says there is. */
  async seen(): Promise<Record<string, string[]>> {
    const seen: Record<string, string[]> = {};
    for (const role of ["router", "left", "right"] as const) {
      seen[role] = await seenIn(this[role]);
    }
    return seen;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const one of this.all) await one[Symbol.asyncDispose]();
  }
}

// deno-lint-ignore no-explicit-any -- whatever `ip -j` prints
type Any = any;

/** What `ip` says of a namespace, in lines. */
export async function seenIn(netns: Netns): Promise<string[]> {
  const links = await netns.json<Any>("-d link");
  const addresses = await netns.json<Any>("address");
  const routes = [
    ...await netns.json<Any>("-4 route show table all"),
    ...await netns.json<Any>("-6 route show table all"),
  ];
  return [
    ...links.map(linkLine),
    ...addresses.flatMap(({ ifname, addr_info }: Any) =>
      addr_info.filter(({ scope, local }: Any) =>
        scope !== "link" && local !== "127.0.0.1" && local !== "::1"
      ).map(({ local, prefixlen }: Any) => `${ifname} ${local}/${prefixlen}`)
    ),
    ...routes.filter(({ protocol }: Any) => protocol !== "kernel")
      .map(routeLine),
  ].toSorted();
}

function linkLine(link: Any): string {
  const { ifname, flags, mtu, master, link: lower, linkinfo } = link;
  const { info_kind, info_data = {}, info_slave_data = {} } = linkinfo ?? {};
  const { mode, forward_delay, stp_state } = info_data;
  const { cost, hairpin } = info_slave_data;
  return [
    `link ${ifname}`,
    ...flags.includes("UP") ? ["up"] : [],
    `mtu ${mtu}`,
    ...Object.entries({
      master,
      // The other end of a veth is in another namespace.
      link: info_kind === "veth" ? undefined : lower,
      kind: info_kind,
      mode,
      forward_delay,
      stp_state,
      // Unless it is set, it follows the speed.
      cost: ifname === "p1" ? cost : undefined,
      hairpin,
    }).flatMap(([key, value]) =>
      value === undefined ? [] : [`${key} ${value}`]
    ),
  ].join(" ");
}

function routeLine(route: Any): string {
  const { dst, type, gateway, dev, metric, nexthops, metrics } = route;
  const way = ({ gateway, dev, weight }: Any) =>
    `via ${gateway} dev ${dev} weight ${weight}`;
  return [
    `route ${type ?? "unicast"} ${dst}`,
    ...Object.entries({ via: gateway, dev, metric, mtu: metrics?.[0]?.mtu })
      .flatMap(([key, value]) =>
        value === undefined ? [] : [`${key} ${value}`]
      ),
    ...(nexthops ?? []).map(way).toSorted(),
  ].join(" ");
}
