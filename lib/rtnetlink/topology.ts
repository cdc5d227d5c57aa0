// How the links of one or several namespaces hang together: bridges and their
// ports, veth pairs, links that stand on others, who holds a TUN device.

import { SystemError } from "../../ffi/errno.ts";
import { IFF_LOWER_UP } from "../../ffi/uapi/linux_if.ts";
import { ARPHRD_LOOPBACK } from "../../ffi/uapi/linux_if_arp.ts";
import { IFF_UP } from "../../ffi/uapi/net_if.ts";
import {
  inNamespace,
  isGone,
  type Namespace,
  namespaceId,
  OWN_NAMESPACE,
} from "../netns/namespace.ts";
import type { WaitOptions } from "../io/reactor.ts";
import { type TunHolder, tunHolders } from "./tun_holders.ts";
import type { Address } from "./address.ts";
import type { Link } from "./link/link.ts";
import { namespaceIdOf } from "./namespace_id.ts";
import { RouteSocket } from "./socket.ts";

/** Another link of the picture, or one that lies outside of it. */
export type TopologyEnd = TopologyLink | {
  /** The id by which the link's own namespace knows the other's. */
  readonly nsid: number;
  /** The other link's index there. */
  readonly ifindex: number;
};

/** A link and what it has to do with others. */
export interface TopologyLink {
  /** The namespace it is in. */
  readonly namespace: TopologyNamespace;
  /** Its number there. */
  readonly ifindex: number;
  /** Its name there. */
  readonly name: string;
  /** "veth", "bridge" ..., "loopback", or "device" for one of no such kind. */
  readonly kind: string;
  /** Of its kind the part that tells it from others: a VLAN's id, "tap" ... */
  readonly detail: string | undefined;
  /** Its link-layer address. */
  readonly address: string | undefined;
  /** A text for people. */
  readonly alias: string | undefined;
  /** Bytes. */
  readonly mtu: number;
  /** "up", "down" (administratively), or "no carrier". */
  readonly state: "up" | "down" | "no carrier";
  /** Its addresses with their prefix lengths, link-local ones last. */
  readonly addresses: readonly string[];
  /** The bridge, bond or VRF it is a port of. */
  readonly master: TopologyLink | undefined;
  /** The link it stands on: of a VLAN, a macvlan, a tunnel ... */
  readonly lower: TopologyEnd | undefined;
  /** The other end of a veth pair. */
  readonly peer: TopologyEnd | undefined;
  /**
   * The processes that have the TUN or TAP device open; undefined for other
   * kinds, and where no process was found but not all could be looked at.
   */
  readonly holders: readonly TunHolder[] | undefined;
  /** What is wrong with its MTU beside those of its neighbours. */
  readonly problem: string | undefined;
}

/** A namespace and its links. */
export interface TopologyNamespace {
  /** Its name, or undefined for this thread's own. */
  readonly name: Namespace | undefined;
  /** By their index. */
  readonly links: readonly TopologyLink[];
}

/** What to look at. */
export interface TopologyOptions extends WaitOptions {
  /**
   * The namespaces; undefined is this thread's own. One that is named twice is
   * looked at once. Default: this thread's own.
   */
  readonly namespaces?: readonly (Namespace | undefined)[];
  /** Called for a namespace that cannot be entered, which is then left out. */
  readonly onUnreachable?: ((error: SystemError) => void) | undefined;
}

/** A link while the picture is put together. */
type Draft = { -readonly [K in keyof TopologyLink]: TopologyLink[K] };

/** A namespace in the meantime. */
interface Sight {
  readonly namespace: {
    readonly name: Namespace | undefined;
    readonly links: Draft[];
  };
  /** What tells it from others. */
  readonly id: string;
  readonly socket: RouteSocket;
  readonly found: readonly Link[];
}

/**
 * Reads the links of one or several namespaces and finds out how they hang
 * together.
 *
 * Source: rtnetlink(7), ip-link(8), ip-netns(8).
 *
 * @returns The namespaces in the order asked for.
 * @throws {SystemError} If a namespace cannot be entered, without
 * `onUnreachable`.
 *
 * @example
 * ```ts
 * import { topology } from "@netplumb/netplumb";
 *
 * for (const { links } of await topology()) {
 *   for (const { name, kind, master } of links) {
 *     console.log(name, kind, master ? `port of ${master.name}` : "");
 *   }
 * }
 * ```
 */
export async function topology(
  { namespaces = [undefined], onUnreachable, ...options }: TopologyOptions = {},
): Promise<TopologyNamespace[]> {
  await using sockets = new AsyncDisposableStack();
  const seen = new Set<string>();
  const sights: Sight[] = [];
  for (const name of namespaces) {
    const entered = enter(name, onUnreachable);
    if (entered === undefined) continue;
    const { socket, id } = entered;
    sockets.use(socket);
    if (seen.has(id)) continue;
    seen.add(id);
    sights.push(await look(socket, name, id, options));
  }
  assignHolders(sights);
  for (const sight of sights) await connect(sight, sights, options);
  const links = sights.flatMap(({ namespace }) => namespace.links);
  for (const link of links) link.problem = mtuProblem(link);
  return sights.map(({ namespace }) => namespace);
}

// All that needs the name at once: it may be gone a moment later.
function enter(
  namespace: Namespace | undefined,
  onUnreachable: TopologyOptions["onUnreachable"],
): { readonly id: string; readonly socket: RouteSocket } | undefined {
  try {
    return inNamespace(namespace, () => {
      const id = namespaceId();
      return { id, socket: RouteSocket.open() };
    });
  } catch (error) {
    if (!onUnreachable || !(error instanceof SystemError)) throw error;
    onUnreachable(error);
    return undefined;
  }
}

// /proc tells the namespace of the process, and a device may have been opened
// into, or moved to, another: that is taken for meant only where the process's
// own namespace has no device of the name.
function assignHolders(sights: readonly Sight[]): void {
  const devices = sights.flatMap(({ namespace, id }) =>
    namespace.links.filter(({ kind }) => kind === "tun")
      .map((link) => ({ link, id, key: `${id} ${link.name}` }))
  );
  if (devices.length === 0) return;
  const keys = new Set(devices.map(({ key }) => key));
  const { holders, complete } = tunHolders();
  for (const { link, id } of devices) {
    const named = holders.filter(({ device }) => device === link.name);
    const here = named.filter(({ namespace }) => namespace === id);
    const found = here.length > 0 ? here : named.filter(
      ({ namespace, device }) => !keys.has(`${namespace} ${device}`),
    );
    link.holders = found.length > 0 || complete ? found : undefined;
  }
}

async function look(
  socket: RouteSocket,
  name: Namespace | undefined,
  id: string,
  options: WaitOptions,
): Promise<Sight> {
  const found = (await socket.links(options))
    .toSorted((a, b) => a.ifindex - b.ifindex);
  const addresses = Map.groupBy(
    await socket.addresses(options),
    ({ ifindex }) => ifindex,
  );
  const links: Draft[] = [];
  const namespace = { name, links };
  for (const link of found) {
    links.push({
      namespace,
      ifindex: link.ifindex,
      name: link.name,
      kind: link.kind ??
        (link.type === ARPHRD_LOOPBACK ? "loopback" : "device"),
      detail: detailOf(link),
      address: link.address,
      alias: link.alias,
      mtu: link.mtu,
      state: (link.flags & IFF_UP) === 0
        ? "down"
        : (link.flags & IFF_LOWER_UP) === 0
        ? "no carrier"
        : "up",
      addresses: texts(addresses.get(link.ifindex) ?? []),
      master: undefined,
      lower: undefined,
      peer: undefined,
      holders: undefined,
      problem: undefined,
    });
  }
  return { namespace, id, socket, found };
}

function detailOf({ kind, data }: Link): string | undefined {
  const detail = kind === "tun" ? data?.type : data?.id ?? data?.mode;
  return detail === undefined ? undefined : String(detail);
}

/** The index of the link that another one stands on, or is paired with. */
function otherOf({ link, kind, data }: Link): number {
  return link || (kind === "vxlan" && Number(data?.link)) || 0;
}

function texts(addresses: readonly Address[]): string[] {
  return addresses.toSorted((a, b) => a.scope - b.scope).map((
    { address, prefixLength, peer },
  ) =>
    peer === undefined
      ? `${address}/${prefixLength}`
      : `${address} peer ${peer}/${prefixLength}`
  );
}

/** Kinds whose `link` is their other end and not what they stand on. */
const PAIRS = new Set(["veth", "netkit", "vxcan"]);

async function connect(
  { namespace, socket, found }: Sight,
  sights: readonly Sight[],
  options: WaitOptions,
): Promise<void> {
  const ids = await namespaceIds(socket, found, sights, options);
  const at = (links: readonly TopologyLink[], ifindex: number) =>
    links.find((link) => link.ifindex === ifindex);
  found.forEach((link, index) => {
    const entry = namespace.links[index]!;
    if (link.master !== 0) entry.master = at(namespace.links, link.master);
    const other = otherOf(link);
    if (other === 0) return;
    const nsid = link.linkNetnsid;
    const there = nsid === undefined ? namespace : ids.get(nsid)?.namespace;
    const end = (there && at(there.links, other)) ??
      (nsid === undefined ? undefined : { nsid, ifindex: other });
    if (PAIRS.has(entry.kind)) entry.peer = end;
    else entry.lower = end;
  });
}

/** The namespaces of the picture by the ids that one of them knows them by. */
async function namespaceIds(
  socket: RouteSocket,
  found: readonly Link[],
  sights: readonly Sight[],
  options: WaitOptions,
): Promise<Map<number, Sight>> {
  const ids = new Map<number, Sight>();
  if (found.every(({ linkNetnsid }) => linkNetnsid === undefined)) return ids;
  for (const sight of sights) {
    const { name = OWN_NAMESPACE } = sight.namespace;
    try {
      const id = await namespaceIdOf(socket, name, options);
      if (id !== undefined) ids.set(id, sight);
    } catch (error) {
      // Gone since it was looked at: whatever speaks of it is going, too.
      if (!isGone(error)) throw error;
    }
  }
  return ids;
}

/** What VXLAN adds to a packet: Ethernet, IPv4, UDP and its own header. */
const VXLAN_OVERHEAD = 50;

/** What will be dropped or cannot be sent because of this link, if anything. */
function mtuProblem(link: TopologyLink): string | undefined {
  const { mtu, kind, master } = link;
  const peer = known(link.peer);
  const lower = known(link.lower);
  if (peer && peer.mtu !== mtu) {
    return `MTU ${mtu}, but ${peer.mtu} at its peer`;
  }
  if (master?.kind === "bridge" && master.mtu !== mtu) {
    return `MTU ${mtu}, but ${master.mtu} on its bridge`;
  }
  if (lower) {
    const room = kind === "vxlan" ? lower.mtu - VXLAN_OVERHEAD : lower.mtu;
    if (mtu > room) return `MTU ${mtu}, but ${lower.name} has room for ${room}`;
  }
  return undefined;
}

function known(end: TopologyEnd | undefined): TopologyLink | undefined {
  return end !== undefined && "name" in end ? end : undefined;
}
