// Assigns ids to network namespaces.

import {
  NETNSA_FD,
  NETNSA_NSID,
} from "../../../ffi/uapi/linux_net_namespace.ts";
import { rtgenmsg, RTM_NEWNSID } from "../../../ffi/uapi/linux_rtnetlink.ts";
import { AttributeWriter } from "../../netlink/attribute_writer.ts";
import { type Change, checked } from "./change.ts";
import { orWord, take, wholeNumber } from "../spec/value.ts";

/** How an id is parsed. */
export const NAMESPACE_ID = orWord("auto", wholeNumber(0, 0x7fff_ffff));

/** NETNSA_NSID_NOT_ASSIGNED: the kernel chooses the id. */
const NOT_ASSIGNED = -1;

/**
 * Builds a change that assigns an id to another network namespace. It is valid
 * as long as both namespaces exist.
 *
 * Source: ip-netns(8), linux/net_namespace.h.
 *
 * @param namespace The name of the other namespace.
 * @param id The id; "auto" lets the kernel choose.
 * @throws {ArgumentError} For an invalid id.
 *
 * @example
 * ```ts
 * import { setNamespaceId } from "@netplumb/netplumb";
 *
 * console.log(setNamespaceId("blue", 7).what); // set id of network namespace blue
 * ```
 */
export function setNamespaceId(
  namespace: string,
  id: number | "auto",
): Change {
  const what = `set id of network namespace ${namespace}`;
  const number = take("id", id, NAMESPACE_ID);
  return checked({
    what,
    requests(known) {
      const body = new AttributeWriter().raw(rtgenmsg.build({}))
        .u32(NETNSA_FD, known.namespace(namespace))
        .i32(NETNSA_NSID, number === "auto" ? NOT_ASSIGNED : number);
      return [{ type: RTM_NEWNSID, body: body.finish(), tried: what }];
    },
  });
}
