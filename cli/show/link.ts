// netplumb show link: selects links and prints them with iproute2's keys.

import { IFF_UP } from "../../ffi/uapi/net_if.ts";
import { bpfProgram } from "../../lib/rtnetlink/bpf_program.ts";
import { ipLink } from "../../lib/iproute2/link.ts";
import type { Link } from "../../lib/rtnetlink/link/link.ts";
import { LinkNames } from "../../lib/rtnetlink/link/names.ts";
import type { RouteSocket } from "../../lib/rtnetlink/socket.ts";
import { nameNamespaces } from "./namespace_names.ts";
import { bounds, type Shown, type ShowOptions } from "./shown.ts";

/** Filters of links. */
export interface ShowLinkOptions extends ShowOptions {
  /** Links of this kind; with `_slave`, ports of a master of this kind. */
  readonly kind?: string;
  /** Ports of this master, by name. */
  readonly master?: string;
  /** Links of this group. */
  readonly group?: number;
  /** Links that are up. */
  readonly up?: boolean;
}

/** The selected links, and the names of all links. */
export async function selectLinks(
  route: RouteSocket,
  options: ShowLinkOptions,
): Promise<{ links: Link[]; names: LinkNames; interrupted: boolean }> {
  const { kind, group, up, dev, statistics } = options;
  const all = await route.links({
    ...bounds(options),
    statistics: Boolean(statistics),
  });
  const names = new LinkNames(all);
  const wait = { signal: options.signal };
  const master = options.master === undefined
    ? undefined
    : names.index(options.master) ??
      (await route.link(options.master, wait)).ifindex;
  const one = dev === undefined
    ? undefined
    : names.index(dev) ?? (await route.link(dev, wait)).ifindex;
  const ofMaster = kind?.endsWith("_slave") ? kind.slice(0, -6) : undefined;
  const links = all.filter((link) =>
    (one === undefined || link.ifindex === one) &&
    (master === undefined || link.master === master) &&
    (group === undefined || link.group === group) &&
    (!up || (link.flags & IFF_UP) !== 0) &&
    (ofMaster === undefined
      ? kind === undefined || link.kind === kind
      : link.masterKind === ofMaster)
  );
  return { links, names, interrupted: all.interrupted };
}

export async function showLinks(
  route: RouteSocket,
  options: ShowLinkOptions,
): Promise<Shown> {
  const { links, names, interrupted } = await selectLinks(route, options);
  const { details, statistics, namesNamespaces, signal } = options;
  const objects = links.map((link) =>
    ipLink(link, { names, details, statistics, program: bpfProgram })
  );
  if (namesNamespaces) await nameNamespaces(route, objects, signal);
  return { objects, interrupted };
}
