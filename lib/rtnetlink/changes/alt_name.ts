// Adds and deletes alternative names of links.

import {
  IFLA_ALT_IFNAME,
  IFLA_PROP_LIST,
} from "../../../ffi/uapi/linux_if_link.ts";
import {
  NLM_F_APPEND,
  NLM_F_CREATE,
  NLM_F_EXCL,
} from "../../../ffi/uapi/linux_netlink.ts";
import {
  ifinfomsg,
  RTM_DELLINKPROP,
  RTM_NEWLINKPROP,
} from "../../../ffi/uapi/linux_rtnetlink.ts";
import { AttributeWriter } from "../../netlink/attribute_writer.ts";
import { type Change, checked } from "./change.ts";
import { linkName, list, take, text } from "../spec/value.ts";

/** ALTIFNAMSIZ of linux/if.h, without the NUL. */
export const ALT_NAMES = list(text(127), 1024);

/**
 * Builds a change that adds alternative names of up to 127 bytes to a link.
 *
 * Source: ip-link(8), linux/if_link.h.
 *
 * @param link Its name or ifindex.
 * @param altnames The alternative names.
 * @throws {ArgumentError} For an invalid name.
 *
 * @example
 * ```ts
 * import { addAltNames } from "@netplumb/netplumb";
 *
 * addAltNames("eth0", ["the-one-with-the-green-cable"]);
 * ```
 */
export function addAltNames(
  link: string | number,
  altnames: readonly string[],
): Change {
  return altNames(
    `add names of link ${link}`,
    RTM_NEWLINKPROP,
    NLM_F_EXCL | NLM_F_CREATE | NLM_F_APPEND,
    link,
    altnames,
  );
}

/**
 * Builds a change that deletes alternative names of a link.
 *
 * Source: ip-link(8), linux/if_link.h.
 *
 * @param link Its name or ifindex.
 * @param altnames The alternative names.
 * @throws {ArgumentError} For an invalid name.
 *
 * @example
 * ```ts
 * import { deleteAltNames } from "@netplumb/netplumb";
 *
 * deleteAltNames("eth0", ["the-one-with-the-green-cable"]);
 * ```
 */
export function deleteAltNames(
  link: string | number,
  altnames: readonly string[],
): Change {
  return altNames(
    `delete names of link ${link}`,
    RTM_DELLINKPROP,
    0,
    link,
    altnames,
  );
}

function altNames(
  what: string,
  type: number,
  flags: number,
  link: string | number,
  altnames: readonly string[],
): Change {
  const list = take("altnames", altnames, ALT_NAMES);
  return checked({
    what,
    requests(known) {
      const ifi_index = known.index(take("link", link, linkName));
      const body = new AttributeWriter()
        .raw(ifinfomsg.build({ ifi_index }))
        .nest(IFLA_PROP_LIST, (inner) => {
          for (const name of list) inner.string(IFLA_ALT_IFNAME, name);
        });
      if (type === RTM_NEWLINKPROP) {
        for (const name of list) known.calls(ifi_index, name);
      }
      return [{ type, flags, body: body.finish(), tried: what }];
    },
  });
}
