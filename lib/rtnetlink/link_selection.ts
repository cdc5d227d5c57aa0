// Dump requests for links: filter, or one link by name or ifindex.

import {
  IFLA_ALT_IFNAME,
  IFLA_EXT_MASK,
  IFLA_IFNAME,
  IFLA_INFO_KIND,
  IFLA_LINKINFO,
  IFLA_MASTER,
} from "../../ffi/uapi/linux_if_link.ts";
import {
  ifinfomsg,
  RTEXT_FILTER_SKIP_STATS,
  RTEXT_FILTER_VF,
  RTM_GETLINK,
  RTM_NEWLINK,
} from "../../ffi/uapi/linux_rtnetlink.ts";
import { IFNAMSIZ } from "../../ffi/uapi/net_if.ts";
import { AttributeWriter } from "../netlink/attribute_writer.ts";
import type { NetlinkRequest } from "../netlink/transaction.ts";
import type { MessageReader } from "../netlink/message.ts";
import { familyNumber } from "./family.ts";
import type { LinkFilter } from "./filter.ts";
import { decodeLink, type Link } from "./link/link.ts";

export class LinkSelection {
  readonly #filter: LinkFilter;

  constructor(filter: LinkFilter) {
    this.#filter = filter;
  }

  /** The dump request. */
  request(): NetlinkRequest {
    const { family = "unspec", master, kind } = this.#filter;
    const body = new AttributeWriter()
      .raw(ifinfomsg.build({ ifi_family: familyNumber(family) }));
    // Without the mask the kernel reports all IPv6 attributes.
    if (family !== "inet6") body.u32(IFLA_EXT_MASK, extent(this.#filter));
    if (master !== undefined) body.u32(IFLA_MASTER, master);
    if (kind !== undefined) {
      body.nest(IFLA_LINKINFO, (info) => info.text(IFLA_INFO_KIND, kind), true);
    }
    return { type: RTM_GETLINK, body: body.finish(), tried: "show links" };
  }

  /**
   * The link in a message, if the filter matches: old kernels do not filter.
   */
  decode(message: MessageReader): Link | undefined {
    if (message.type !== RTM_NEWLINK) return undefined;
    const { master, kind } = this.#filter;
    const link = decodeLink(message);
    return link === undefined ||
        (master !== undefined && link.master !== master) ||
        (kind !== undefined && link.kind !== kind)
      ? undefined
      : link;
  }
}

/** The request for one link, by name, alternative name or ifindex. */
export function oneLink(
  which: string | number,
  options: { readonly statistics?: boolean | undefined },
): NetlinkRequest {
  const ifi_index = typeof which === "number" ? which : 0;
  const body = new AttributeWriter()
    .raw(ifinfomsg.build({ ifi_index }))
    .u32(IFLA_EXT_MASK, extent(options));
  if (typeof which === "string") {
    const short = new TextEncoder().encode(which).length < IFNAMSIZ;
    body.string(short ? IFLA_IFNAME : IFLA_ALT_IFNAME, which);
  }
  return {
    type: RTM_GETLINK,
    body: body.finish(),
    tried: `find link ${which}`,
  };
}

function extent(
  { statistics }: { readonly statistics?: boolean | undefined },
): number {
  return RTEXT_FILTER_VF | (statistics ? 0 : RTEXT_FILTER_SKIP_STATS);
}
