// netplumb show fdb: selects forwarding entries and prints them with iproute2's
// keys.

import { bridgeFdb } from "../../lib/iproute2/fdb.ts";
import type { RouteSocket } from "../../lib/rtnetlink/socket.ts";
import {
  bounds,
  interrupted,
  linkNames,
  type Shown,
  type ShowOptions,
} from "./shown.ts";

/** Filters of forwarding entries. */
export interface ShowFdbOptions extends ShowOptions {
  /** Only entries of this bridge, by its name. */
  readonly bridge?: string;
  /** Only entries of this VLAN. */
  readonly vlan?: number;
}

export async function showFdb(
  route: RouteSocket,
  options: ShowFdbOptions,
): Promise<Shown> {
  const { statistics, details, bridge, vlan } = options;
  const { names, ifindex } = await linkNames(route, options);
  const master = bridge === undefined
    ? undefined
    : names.index(bridge) ?? (await route.link(bridge)).ifindex;
  const entries = await route.neighbours({
    ...bounds(options),
    family: "bridge",
  });
  return {
    objects: entries
      .filter((one) =>
        (ifindex === undefined || one.ifindex === ifindex) &&
        (vlan === undefined || one.vlan === vlan) &&
        (master === undefined || one.ifindex === master ||
          names.get(one.ifindex)?.master === master)
      )
      .map((one) =>
        bridgeFdb(one, {
          names,
          statistics,
          details,
          oneDevice: ifindex !== undefined,
        })
      ),
    interrupted: interrupted(entries),
  };
}
