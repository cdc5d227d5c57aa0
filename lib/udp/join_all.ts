// Joins multicast groups on every interface, including those added later.

import type { UdpSocket } from "./socket.ts";

/** IFF_MULTICAST of linux/if.h. */
const MULTICAST = 0x1000;

/** The properties of an interface that multicast depends on. */
export interface InterfaceInfo {
  /** Its ifindex. */
  readonly ifindex: number;
  /** Its name. */
  readonly name: string;
  /** Its IFF_* flags. */
  readonly flags: number;
}

/** An event of `monitor()`; events of objects other than links are ignored. */
export interface InterfaceEvent {
  /** "new", "change" or "delete" for an object. */
  readonly event: string;
  /** The object type. */
  readonly object?: string;
  /** For object "link": an InterfaceInfo. */
  readonly data?: unknown;
}

/** A membership that changed, or could not be changed. */
export interface MembershipEvent {
  /** The change, or "failed". */
  readonly event: "joined" | "left" | "failed";
  /** The interface. */
  readonly interface: InterfaceInfo;
  /** The group. */
  readonly group: string;
  /** The error, for "failed". */
  readonly error?: unknown;
}

/** Options of `joinOnAllInterfaces`. */
export interface JoinAllOptions {
  /** Which interfaces; default: those that have IFF_MULTICAST. */
  readonly accept?: ((one: InterfaceInfo) => boolean) | undefined;
  /** Called for each membership that changes or fails. */
  readonly onChange?: ((event: MembershipEvent) => void) | undefined;
}

/**
 * Joins multicast groups on every interface, and follows interfaces that appear
 * and disappear, until the events end or the socket is closed. A group that
 * cannot be joined is tried again when its interface changes.
 *
 * Memberships of a deleted interface are left, because the kernel counts them
 * until then (net.ipv4.igmp_max_memberships).
 *
 * Source: ip(7), ipv6(7), RFC 6762 section 14.
 *
 * @param socket The socket that joins.
 * @param groups IPv4 and IPv6 groups.
 * @param events Events of links in the socket's namespace, starting with the
 *   existing ones, for example of `monitor({ objects: ["link"], snapshot: true
 *   })`.
 * @param options The interfaces, and a callback for changes.
 * @throws The error of the iteration over the events.
 *
 * @example
 * ```ts
 * import { joinOnAllInterfaces, monitor, UdpSocket } from "@netplumb/netplumb";
 *
 * await using socket = UdpSocket.bind({ port: 5353, reuseAddress: true });
 * const end = new AbortController();
 * const links = monitor(
 *   { objects: ["link"], snapshot: true },
 *   { signal: end.signal },
 * );
 * const joining = joinOnAllInterfaces(socket, ["224.0.0.251", "ff02::fb"], links);
 * // for await (const query of socket) ...
 * end.abort();
 * await joining.catch(() => {});
 * ```
 */
export async function joinOnAllInterfaces(
  socket: Pick<UdpSocket, "join" | "leave" | "closed">,
  groups: readonly string[],
  events: AsyncIterable<InterfaceEvent>,
  options: JoinAllOptions = {},
): Promise<void> {
  const { accept = ({ flags }) => (flags & MULTICAST) !== 0, onChange } =
    options;
  /** The groups that were joined, by interface index. */
  const joined = new Map<number, Set<string>>();
  const join = (one: InterfaceInfo) => {
    let members = joined.get(one.ifindex);
    if (members === undefined) joined.set(one.ifindex, members = new Set());
    for (const group of groups) {
      if (members.has(group)) continue;
      try {
        socket.join(group, one.ifindex);
        members.add(group);
        onChange?.({ event: "joined", interface: one, group });
      } catch (error) {
        onChange?.({ event: "failed", interface: one, group, error });
      }
    }
  };
  const leave = (one: InterfaceInfo) => {
    for (const group of joined.get(one.ifindex) ?? []) {
      try {
        socket.leave(group, one.ifindex);
      } catch { /* The kernel removed it with the interface. */ }
      onChange?.({ event: "left", interface: one, group });
    }
    joined.delete(one.ifindex);
  };
  for await (const { event, object, data } of events) {
    if (socket.closed) return;
    if (object !== "link") continue;
    const one = data as InterfaceInfo;
    if (event !== "delete" && accept(one)) join(one);
    else leave(one);
  }
}
