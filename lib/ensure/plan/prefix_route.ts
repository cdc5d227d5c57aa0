// Prefix routes: the kernel adds one with an address, but does not restore it
// after a flush.

import { IFF_LOOPBACK, IFF_UP } from "../../../ffi/uapi/net_if.ts";
import { formatAddress } from "../../net/ip_address.ts";
import { tryParseCidr } from "../../net/prefix.ts";
import { appendRoute, deleteRoute, type Route } from "../../rtnetlink/route.ts";
import { groupKey } from "../../rtnetlink/monitor/route_group.ts";
import type { AddressConfiguration } from "../parse/configuration.ts";
import { Order } from "./action.ts";
import type { DesiredObject } from "./desired_object.ts";
import type { State } from "./state.ts";

/** The metric of IPv6 prefix routes: IP6_RT_PRIO_ADDRCONF. */
const IPV6_METRIC = 256;
const MAIN_TABLE = 254;

/**
 * The prefix route of an address; undefined if it has none.
 *
 * @param address The address itself.
 */
export function desiredPrefixRoute(
  dev: string,
  configuration: AddressConfiguration,
  address: DesiredObject,
): DesiredObject | undefined {
  const { peer, noprefixroute } = configuration;
  const cidr = tryParseCidr(configuration.address);
  if (cidr === undefined || peer !== undefined || noprefixroute) {
    return undefined;
  }
  const { address: bytes, prefix } = cidr;
  if (prefix === 0 || prefix === 8 * bytes.length) return undefined;
  const destination = formatAddress(
    bytes.map((byte, at) =>
      byte & 0xff00 >> Math.max(0, Math.min(8, prefix - 8 * at))
    ),
  );
  const isIPv6 = bytes.length === 16;
  const metric = configuration.metric || (isIPv6 ? IPV6_METRIC : undefined);
  const like = {
    family: isIPv6 ? "inet6" : "inet",
    destination,
    prefixLength: prefix,
    table: MAIN_TABLE,
    metric,
  } as Route;
  const key = groupKey(like);
  const to = `${destination}/${prefix}`;
  const find = (state: State) => {
    const ifindex = state.named(dev)?.ifindex;
    return state.routes.group(like).find((route) => route.ifindex === ifindex);
  };
  return {
    object: "route",
    order: Order.route,
    name: `${to} of ${dev}${metric === undefined ? "" : ` metric ${metric}`}`,
    path: address.path,
    devices: [dev],
    key: () => key,
    find,
    // The kernel removes it with the address.
    removal: () => undefined,
    correction(state) {
      // Only if the kernel would have added it.
      if (
        !hasPrefixRoutes(state, dev) || find(state) !== undefined ||
        address.correction(state) !== undefined
      ) return undefined;
      const spec = {
        to,
        dev,
        protocol: "kernel",
        ...metric && { metric },
        ...isIPv6 ? {} : { scope: "link", src: formatAddress(bytes) },
      };
      return {
        action: "add",
        differences: [],
        // Other links may have one for the same network.
        changes: [appendRoute(spec)],
        undo: [deleteRoute(spec)],
      };
    },
  };
}

/** Whether the addresses of a link have prefix routes in the main table. */
function hasPrefixRoutes(state: State, dev: string): boolean {
  const link = state.named(dev);
  return link !== undefined &&
    (link.flags & (IFF_UP | IFF_LOOPBACK)) === IFF_UP &&
    state.link(link.master)?.kind !== "vrf";
}
