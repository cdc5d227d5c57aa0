// The ids one namespace knows others by: RTM_NEWNSID and RTM_DELNSID.

import { libc } from "../../ffi/libc.ts";
import { rtgenmsg, RTM_GETNSID } from "../../ffi/uapi/linux_rtnetlink.ts";
import {
  NETNSA_CURRENT_NSID,
  NETNSA_FD,
  NETNSA_NSID,
} from "../../ffi/uapi/linux_net_namespace.ts";
import {
  type Namespace,
  namespacePath,
  openNamespace,
} from "../netns/namespace.ts";
import { AttributeWriter } from "../netlink/attribute_writer.ts";
import type { MessageReader } from "../netlink/message.ts";
import type { NetlinkConnection } from "../netlink/connection.ts";
import type { WaitOptions } from "../io/reactor.ts";

/** A namespace as another one knows it. Source: ip-netns(8). */
export interface NamespaceId {
  /** Its id there, -1 where it has none. */
  nsid: number;
  /** Its id in the namespace that asked, in answers about a third one. */
  currentNsid?: number;
}

/**
 * Reads an RTM_NEWNSID or RTM_DELNSID message; undefined if it is cut off.
 *
 * Source: linux/net_namespace.h.
 *
 * @param message The message, as a reader stands on it.
 */
export function decodeNamespaceId(
  message: MessageReader,
): NamespaceId | undefined {
  if (!message.holds(rtgenmsg.size)) return undefined;
  const id: NamespaceId = { nsid: -1 };
  const attributes = message.attributes(rtgenmsg.size);
  while (attributes.next()) {
    if (attributes.type === NETNSA_NSID) id.nsid = attributes.i32();
    else if (attributes.type === NETNSA_CURRENT_NSID) {
      id.currentNsid = attributes.i32();
    }
  }
  return id;
}

/**
 * The id by which the namespace of a socket knows another one.
 *
 * @param socket A netlink socket of the namespace that knows it.
 * @param namespace The other one.
 * @param options What ends the wait; `timeout` in milliseconds.
 * @returns Its id, or undefined if it has none there: it gets one when a link
 * of one of them speaks of the other.
 * @throws {SystemError} If there is no such namespace.  Source: ip-netns(8),
 * rtnetlink(7).
 * @throws {TimeoutError} When the time is over.
 *
 * @example
 * ```ts
 * import { namespaceIdOf, RouteSocket } from "@netplumb/netplumb";
 *
 * await using route = RouteSocket.open();
 * console.log(await namespaceIdOf(route, Deno.pid));
 * ```
 */
export async function namespaceIdOf(
  socket: Pick<NetlinkConnection, "request">,
  namespace: Namespace,
  options?: WaitOptions,
): Promise<number | undefined> {
  const tried = `find the id of network namespace ${namespace}`;
  const fd = openNamespace(namespacePath(namespace), tried);
  try {
    const body = new AttributeWriter().raw(rtgenmsg.build({}))
      .u32(NETNSA_FD, fd).finish();
    const { objects: [id] } = await socket.request(
      { type: RTM_GETNSID, body, tried },
      decodeNamespaceId,
      options,
    );
    return id === undefined || id.nsid < 0 ? undefined : id.nsid;
  } finally {
    libc().close(fd);
  }
}
