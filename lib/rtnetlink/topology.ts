// Topology of the links of namespaces: ports of bridges, veth pairs, lower
// links, and the processes that hold a TUN device.

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

/** Another link of the topology, or one outside of it. */
export type TopologyEnd = TopologyLink | {
  /** The id that the link's namespace uses for the other one. */
  readonly nsid: number;
  /** The other link's ifindex there. */
  readonly ifindex: number;
};

/** A link and its relations to other links. */
export interface TopologyLink {
  /** Its namespace. */
  readonly namespace: TopologyNamespace;
  /** Its ifindex. */
  readonly ifindex: number;
  /** Its name there. */
  readonly name: string;
  /** "veth", "bridge" ..., "loopback", or "device" without a kind. */
  readonly kind: string;
  /** The distinguishing option of its kind: a VLAN id, "tap" ... */
  readonly detail: string | undefined;
  /** Its link-layer address. */
  readonly address: string | undefined;
  /** A description. */
  readonly alias: string | undefined;
  /** Its MTU, in bytes. */
  readonly mtu: number;
  /** "up", "down" (administratively), or "no carrier". */
  readonly state: "up" | "down" | "no carrier";
  /** Its addresses with their prefix lengths, link-local ones last. */
  readonly addresses: readonly string[];
  /** The bridge, bond or VRF it is a port of. */
  readonly master: TopologyLink | undefined;
  /** The lower link of a VLAN, a macvlan, a tunnel ... */
  readonly lower: TopologyEnd | undefined;
  /** The other end of a veth pair. */
  readonly peer: TopologyEnd | undefined;
  /**
   * The processes that have the TUN or TAP device open; undefined for other
   * kinds, and if none was found and not all processes could be inspected.
   */
  readonly holders: readonly TunHolder[] | undefined;
  /** A conflict between its MTU and that of related links. */
  readonly problem: string | undefined;
}

/** A namespace and its links. */
export interface TopologyNamespace {
  /** Its name; undefined for this thread's. */
  readonly name: Namespace | undefined;
  /** Its links, by ifindex. */
  readonly links: readonly TopologyLink[];
}

/** Options of topology(). */
export interface TopologyOptions extends WaitOptions {
  /**
   * The namespaces; undefined is this thread's. Duplicates are ignored.
   * Default: this thread's.
   */
  readonly namespaces?: readonly (Namespace | undefined)[];
  /** Called for a namespace that cannot be entered; the result omits it. */
  readonly onUnreachable?: ((error: SystemError) => void) | undefined;
}

/** A link during construction. */
type Draft = { -readonly [K in keyof TopologyLink]: TopologyLink[K] };

/** A namespace during construction. */
interface NamespaceDraft {
  readonly namespace: {
    readonly name: Namespace | undefined;
    readonly links: Draft[];
  };
  /** The id of the namespace. */
  readonly id: string;
  readonly socket: RouteSocket;
  readonly found: readonly Link[];
}

/**
 * Reads the links of one or several namespaces and their relations.
 *
 * Source: rtnetlink(7), ip-link(8), ip-netns(8).
 *
 * @returns The namespaces in the order of the options.
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
  const drafts: NamespaceDraft[] = [];
  for (const name of namespaces) {
    const entered = enter(name, onUnreachable);
    if (entered === undefined) continue;
    const { socket, id } = entered;
    sockets.use(socket);
    if (seen.has(id)) continue;
    seen.add(id);
    drafts.push(await readNamespace(socket, name, id, options));
  }
  assignHolders(drafts);
  for (const draft of drafts) await connect(draft, drafts, options);
  const links = drafts.flatMap(({ namespace }) => namespace.links);
  for (const link of links) link.problem = mtuProblem(link);
  return drafts.map(({ namespace }) => namespace);
}

// Everything that needs the name runs first: it may be deleted later.
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

// /proc has the namespace of the process, but the device may be in another one.
// The process is assigned to a device elsewhere only if its own namespace has
// no device with that name.
function assignHolders(drafts: readonly NamespaceDraft[]): void {
  const devices = drafts.flatMap(({ namespace, id }) =>
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

async function readNamespace(
  socket: RouteSocket,
  name: Namespace | undefined,
  id: string,
  options: WaitOptions,
): Promise<NamespaceDraft> {
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
      ...linkFacts(link, addresses.get(link.ifindex)),
      master: undefined,
      lower: undefined,
      peer: undefined,
      holders: undefined,
      problem: undefined,
    });
  }
  return { namespace, id, socket, found };
}

/** The part of a link that needs no other link. */
export function linkFacts(link: Link, addresses: readonly Address[] = []) {
  return {
    ifindex: link.ifindex,
    name: link.name,
    kind: link.kind ??
      (link.type === ARPHRD_LOOPBACK ? "loopback" : "device"),
    detail: detailOf(link),
    address: link.address,
    alias: link.alias,
    mtu: link.mtu,
    state: (link.flags & IFF_UP) === 0
      ? "down" as const
      : (link.flags & IFF_LOWER_UP) === 0
      ? "no carrier" as const
      : "up" as const,
    addresses: texts(addresses),
  };
}

function detailOf({ kind, data }: Link): string | undefined {
  const detail = kind === "tun" ? data?.type : data?.id ?? data?.mode;
  return detail === undefined ? undefined : String(detail);
}

/** The ifindex of the lower link or the peer. */
export function otherOf({ link, kind, data }: Link): number {
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

/** Kinds whose `link` is the peer, not the lower link. */
export const PAIRS: ReadonlySet<string> = new Set(["veth", "netkit", "vxcan"]);

async function connect(
  { namespace, socket, found }: NamespaceDraft,
  drafts: readonly NamespaceDraft[],
  options: WaitOptions,
): Promise<void> {
  const ids = await namespaceIds(socket, found, drafts, options);
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

/** The namespaces of the topology, by the ids that one of them uses. */
async function namespaceIds(
  socket: RouteSocket,
  found: readonly Link[],
  drafts: readonly NamespaceDraft[],
  options: WaitOptions,
): Promise<Map<number, NamespaceDraft>> {
  const ids = new Map<number, NamespaceDraft>();
  if (found.every(({ linkNetnsid }) => linkNetnsid === undefined)) return ids;
  for (const draft of drafts) {
    const { name = OWN_NAMESPACE } = draft.namespace;
    try {
      const id = await namespaceIdOf(socket, name, options);
      if (id !== undefined) ids.set(id, draft);
    } catch (error) {
      // Deleted since it was read: links that refer to it are deleted too.
      if (!isGone(error)) throw error;
    }
  }
  return ids;
}

/** The overhead of VXLAN: Ethernet, IPv4, UDP and its own header. */
const VXLAN_OVERHEAD = 50;

/** Describes packets that this link drops or cannot send because of an MTU. */
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
    const most = kind === "vxlan" ? lower.mtu - VXLAN_OVERHEAD : lower.mtu;
    if (mtu > most) {
      return `MTU ${mtu}, but ${lower.name} carries ${most} at most`;
    }
  }
  return undefined;
}

function known(end: TopologyEnd | undefined): TopologyLink | undefined {
  return end !== undefined && "name" in end ? end : undefined;
}
