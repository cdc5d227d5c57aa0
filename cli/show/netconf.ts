// netplumb show netconf: the IP settings of links with iproute2's keys.

import {
  NETCONFA_IFINDEX_ALL,
  NETCONFA_IFINDEX_DEFAULT,
} from "../../ffi/uapi/linux_netconf.ts";
import { SystemError } from "../../ffi/errno.ts";
import {
  decodeNetconf,
  type Netconf,
  netconfRequest,
} from "../../lib/rtnetlink/netconf.ts";
import type { AddressFamily } from "../../lib/rtnetlink/family.ts";
import type { RouteSocket } from "../../lib/rtnetlink/socket.ts";
import {
  bounds,
  type Json,
  linkNames,
  type Shown,
  type ShowOptions,
} from "./shown.ts";

const RP_FILTER = ["off", "strict", "loose"];
const NAMES = new Map([
  [NETCONFA_IFINDEX_ALL, "all"],
  [NETCONFA_IFINDEX_DEFAULT, "default"],
]);
const FAMILIES = ["inet", "inet6", "mpls"] as const;

/** The settings of all links, of new ones, and of each, for each family. */
export async function showNetconf(
  route: RouteSocket,
  options: ShowOptions,
): Promise<Shown> {
  const { family } = options;
  const { names, ifindex } = await linkNames(route, options);
  const families = family === undefined ? FAMILIES : [family];
  const dumps = await Promise.all(
    families.map((one) => settings(route, one, options)),
  );
  return {
    objects: dumps.flatMap(({ found }) => found).filter((one) =>
      ifindex === undefined || one.ifindex === ifindex
    ).map(({ family, ifindex, values }): Json => ({
      family,
      ...(ifindex !== 0 && {
        interface: NAMES.get(ifindex) ?? names.name(ifindex),
      }),
      ...Object.fromEntries(
        Array.from(values, ([key, value]) => [
          key,
          key === "rp_filter" ? RP_FILTER[value] ?? value : value !== 0,
        ]),
      ),
    })),
    interrupted: dumps.some(({ interrupted }) => interrupted),
  };
}

/** The settings of a family; none if the kernel does not have it. */
async function settings(
  route: RouteSocket,
  family: AddressFamily,
  options: ShowOptions,
): Promise<{ found: Netconf[]; interrupted: boolean }> {
  const request = netconfRequest(family);
  try {
    const dump = await route.dump(request, decodeNetconf, bounds(options));
    // Without MPLS, the kernel returns the settings of the others.
    const found = dump.filter((one) => one.family === family);
    return { found, interrupted: dump.interrupted };
  } catch (error) {
    const isRequired = options.family !== undefined;
    if (!(error instanceof SystemError) || isRequired) throw error;
    return { found: [], interrupted: false };
  }
}
