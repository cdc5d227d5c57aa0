// The ids one namespace knows others by: RTM_NEWNSID and RTM_DELNSID.

import { rtgenmsg } from "../../ffi/layout/linux_rtnetlink.ts";
import {
  NETNSA_CURRENT_NSID,
  NETNSA_NSID,
} from "../../ffi/layout/linux_net_namespace.ts";
import type { MessageReader } from "../netlink/message.ts";

/** A namespace as another one knows it. Source: ip-netns(8). */
export interface NamespaceId {
  /** Its id there, -1 where it has none. */
  nsid: number;
  /** Its id in the namespace that asked, in answers about a third one. */
  currentNsid?: number;
}

/** Reads an RTM_NEWNSID or RTM_DELNSID message; undefined if it is cut off. */
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
