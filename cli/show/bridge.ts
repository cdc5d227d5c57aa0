// netplumb show vlan, mdb and vni: the tables of bridges and VXLANs with
// iproute2's keys.

import { EOPNOTSUPP, SystemError } from "../../ffi/errno.ts";
import { MDB_RTR_TYPE_PERM } from "../../ffi/uapi/linux_if_bridge.ts";
import { bridgeMdb, bridgeVlan, bridgeVni } from "../../lib/iproute2/bridge.ts";
import type { Dump } from "../../lib/netlink/connection.ts";
import { seconds } from "../../lib/rtnetlink/mdb.ts";
import type { RouteSocket } from "../../lib/rtnetlink/socket.ts";
import { decodeVniRanges, vniRequest } from "../../lib/rtnetlink/vni.ts";
import {
  bounds,
  interrupted,
  type Json,
  linkNames,
  type Shown,
  type ShowOptions,
} from "./shown.ts";

/** Filters of VLANs and multicast entries. */
export interface ShowVlanOptions extends ShowOptions {
  /** Only this VLAN. */
  readonly vlan?: number;
  /** Only the VLANs with a tunnel, and its identifier. */
  readonly tunnels?: boolean;
}

export async function showVlans(
  route: RouteSocket,
  options: ShowVlanOptions,
): Promise<Shown> {
  const { details = false, vlan, tunnels } = options;
  const statistics = Boolean(options.statistics);
  const { names, ifindex } = await linkNames(route, options);
  const vlans = await whereFiltered(
    route.bridgeVlans({ ...bounds(options), statistics }),
  );
  const found = vlans.filter((one) =>
    (ifindex === undefined || one.ifindex === ifindex) &&
    (vlan === undefined || one.vid === vlan)
  );
  const shown = { names, details, statistics };
  const ports = tunnels
    ? byPort(
      found.filter(({ tunnelId }) => tunnelId !== undefined).map((
        { ifindex, vid, tunnelId = 0 },
      ) => ({ ifname: names.name(ifindex), vlan: vid, tunid: tunnelId })),
      "tunnels",
      (list) => ranges(list, ["vlan", "tunid"]),
    )
    : statistics && !details
    ? byPort(
      found.map((one) => {
        const { ifname, vlan, flags, ...rest } = bridgeVlan(one, shown);
        // `bridge` reads these from another table, with another key.
        const isBridge = names.get(one.ifindex)?.kind === "bridge";
        return {
          ifname,
          vid: vlan,
          ...(flags ?? isBridge) && { flags: flags ?? [] },
          ...rest,
        };
      }),
      "vlans",
    )
    : byPort(
      found.map((one) => bridgeVlan(one, shown)),
      "vlans",
      (list) => details && !statistics ? ranges(list, ["vlan"]) : list,
    );
  return {
    heading: `${"port".padEnd(16)}  vlan-id${tunnels ? "    tunnel-id" : ""}`,
    objects: ports,
    interrupted: interrupted(vlans),
  };
}

/** Nothing where the kernel does not filter VLANs. */
async function whereFiltered<T>(dump: Promise<Dump<T>>): Promise<Dump<T>> {
  try {
    return await dump;
  } catch (error) {
    if (!(error instanceof SystemError && error.errno === EOPNOTSUPP)) {
      throw error;
    }
    return Object.assign([], { interrupted: false, attempts: 1 });
  }
}

/** Joins objects with consecutive numbers that are equal otherwise. */
function ranges(list: readonly Json[], numbers: readonly string[]): Json[] {
  const joined: Json[] = [];
  let last: { json: Json; rest: string } | undefined;
  for (const json of list) {
    const rest = JSON.stringify({
      ...json,
      ...Object.fromEntries(numbers.map((key) => [key, 0])),
    });
    const flags = JSON.stringify(json.flags);
    const end = (key: string) =>
      Number(last?.json[`${key}End`] ?? last?.json[key]);
    if (
      last?.rest === rest && !flags?.includes("PVID") &&
      numbers.every((key) => end(key) + 1 === json[key])
    ) {
      for (const key of numbers) last.json[`${key}End`] = json[key]!;
      continue;
    }
    // Each number is followed by the end of its range.
    const start = Object.fromEntries(
      Object.entries(json).flatMap(([key, value]) =>
        numbers.includes(key)
          ? [[key, value], [`${key}End`, undefined]]
          : [[key, value]]
      ),
    ) as Json;
    joined.push(start);
    last = { json: start, rest };
  }
  return joined;
}

/** Groups objects by the name of their port. */
function byPort(
  objects: Iterable<Json>,
  key: string,
  listed: (list: Json[]) => Json[] = (list) => list,
): Json[] {
  const ports = new Map<string, Json[]>();
  for (const { ifname, ...rest } of objects) {
    const name = String(ifname);
    const found = ports.get(name);
    if (found === undefined) ports.set(name, [rest]);
    else found.push(rest);
  }
  return Array.from(
    ports,
    ([ifname, list]) => ({ ifname, [key]: listed(list) }),
  );
}

export async function showMdb(
  route: RouteSocket,
  options: ShowVlanOptions,
): Promise<Shown> {
  const { statistics, details, vlan } = options;
  const { names, ifindex } = await linkNames(route, options);
  const entries = await route.mdb(bounds(options));
  const routers = await route.multicastRouters(bounds(options));
  const mdb = entries.filter((one) =>
    (ifindex === undefined || one.ifindex === ifindex) &&
    (vlan === undefined || one.vlan === vlan)
  ).map((one) => bridgeMdb(one, { names, details, statistics }));
  const router: Record<string, Json[]> = {};
  for (const { bridge, ifindex: port, timer, type } of routers) {
    if (!details || (ifindex !== undefined && bridge !== ifindex)) continue;
    (router[names.name(bridge)] ??= []).push({
      port: names.name(port),
      ...statistics && {
        timer: seconds(timer).padStart(7),
        type: type === MDB_RTR_TYPE_PERM ? "permanent" : "temp",
      },
    });
  }
  return {
    objects: [{ mdb, router }],
    interrupted: interrupted(entries, routers),
  };
}

export async function showVnis(
  route: RouteSocket,
  options: ShowOptions,
): Promise<Shown> {
  const statistics = Boolean(options.statistics);
  const { names, ifindex } = await linkNames(route, options);
  const dump = await route.dump(
    vniRequest(statistics),
    decodeVniRanges,
    bounds(options),
  );
  const json = dump.flat()
    .filter((one) => ifindex === undefined || one.ifindex === ifindex)
    .map((one) => bridgeVni(one, { names, statistics }));
  return {
    heading: `${"dev".padEnd(16)}  ${"vni".padEnd(15)}  group/remote`,
    objects: byPort(json, "vnis"),
    interrupted: interrupted(dump),
  };
}
