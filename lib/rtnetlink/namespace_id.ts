// Ids of network namespaces: RTM_NEWNSID and RTM_DELNSID.

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

/** The id that one namespace uses for another. Source: ip-netns(8). */
export interface NamespaceId {
  /** The id, -1 for none. */
  nsid: number;
  /** The id in the requesting namespace, in replies about a third one. */
  currentNsid?: number;
}

/**
 * Decodes an RTM_NEWNSID or RTM_DELNSID message; undefined if it is truncated.
 *
 * Source: linux/net_namespace.h.
 *
 * @param message The message, at the position of the reader.
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
 * Returns the id that the namespace of a socket uses for another namespace.
 *
 * @param socket A netlink socket in the first namespace.
 * @param namespace The other namespace.
 * @param options A signal and a timeout in milliseconds.
 * @returns The id; undefined if it has none. The kernel assigns one when a link
 *   in one namespace refers to the other.
 * @throws {SystemError} If the namespace does not exist.  Source: ip-netns(8),
 *   rtnetlink(7).
 * @throws {TimeoutError} After the timeout.
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
