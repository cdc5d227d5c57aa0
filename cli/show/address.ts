// netplumb show address: selects addresses and prints them with iproute2's
// keys.

import { bpfProgram } from "../../lib/rtnetlink/bpf_program.ts";
import { ipAddress } from "../../lib/iproute2/address.ts";
import { ipLink } from "../../lib/iproute2/link.ts";
import { ipLinkStatistics } from "../../lib/iproute2/link_statistics.ts";
import type { Address } from "../../lib/rtnetlink/address.ts";
import { LinkNames } from "../../lib/rtnetlink/link/names.ts";
import type { RouteSocket } from "../../lib/rtnetlink/socket.ts";
import { selectLinks, type ShowLinkOptions } from "./link.ts";
import { nameNamespaces } from "./namespace_names.ts";
import { bounds, type Json, type Shown } from "./shown.ts";

/** Filters of addresses. */
export interface ShowAddressOptions extends ShowLinkOptions {
  /** Addresses of this RT_SCOPE_*. */
  readonly scope?: number;
}

export async function showAddresses(
  route: RouteSocket,
  options: ShowAddressOptions,
): Promise<Shown> {
  const { details, statistics, family, scope } = options;
  const { names, ...selected } = await selectLinks(route, options);
  // `ip -6 address` prints only the IPv6 attributes of links.
  const ofIPv6 = family === "inet6" && options.dev === undefined
    ? new LinkNames(await route.links({ ...bounds(options), family }))
    : undefined;
  const addresses = await route.addresses({ ...bounds(options), family });
  const byLink = Map.groupBy(addresses, ({ ifindex }) => ifindex);
  const wanted = (address: Address) =>
    scope === undefined || address.scope === scope;
  const objects: Json[] = [];
  for (const one of selected.links) {
    const link = ofIPv6 === undefined ? one : ofIPv6.get(one.ifindex);
    if (link === undefined) continue;
    const all = byLink.get(link.ifindex) ?? [];
    // Links without addresses are shown, except with a family.
    if (all.length === 0 ? family !== undefined : !all.some(wanted)) continue;
    objects.push({
      ...ipLink(link, {
        names,
        details,
        program: bpfProgram,
        forAddresses: true,
        withoutLinkLayer: family !== undefined,
        txqlen: one.txqlen,
      }),
      addr_info: all.filter(wanted).map((one) => ipAddress(one)),
      ...(statistics ? ipLinkStatistics(link, statistics) : {}),
    });
  }
  const { namesNamespaces, signal } = options;
  if (namesNamespaces) await nameNamespaces(route, objects, signal);
  return {
    objects,
    interrupted: selected.interrupted || addresses.interrupted,
  };
}
