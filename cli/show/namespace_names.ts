// The names of the namespaces that links refer to, which `ip` prints as text.

import { SystemError } from "../../ffi/errno.ts";
import { namespaceNames } from "../../lib/netns/named_namespace.ts";
import { namespaceIdOf } from "../../lib/rtnetlink/namespace_id.ts";
import type { RouteSocket } from "../../lib/rtnetlink/socket.ts";
import type { Json } from "./shown.ts";

/** Adds `link_netns` to links with `link_netnsid`, if the namespace has a name. */
export async function nameNamespaces(
  socket: RouteSocket,
  links: readonly Json[],
  signal: AbortSignal | undefined,
): Promise<void> {
  if (!links.some(({ link_netnsid }) => link_netnsid !== undefined)) return;
  const names = new Map<unknown, string>();
  for (const name of namespaceNames()) {
    try {
      names.set(await namespaceIdOf(socket, name, { signal }), name);
    } catch (error) {
      // It was deleted meanwhile.
      if (!(error instanceof SystemError)) throw error;
    }
  }
  for (const link of links) {
    const name = names.get(link.link_netnsid);
    if (link.link_netnsid !== undefined && name !== undefined) {
      link.link_netns = name;
    }
  }
}
