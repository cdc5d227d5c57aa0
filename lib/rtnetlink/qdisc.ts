// Queueing disciplines and their classes: RTM_NEWQDISC, RTM_NEWTCLASS. Source:
// tc(8), linux/pkt_sched.h.

import { TCA_OPTIONS } from "../../ffi/uapi/linux_pkt_sched.ts";
import { TCA_KIND, tcmsg } from "../../ffi/uapi/linux_rtnetlink.ts";
import { NLMSG_HDRLEN } from "../../ffi/uapi/linux_netlink.ts";
import { AttributeReader } from "../netlink/attribute.ts";
import { noCounts } from "../netlink/counters.ts";
import type { MessageReader } from "../netlink/message.ts";
import {
  type RetainedMessage,
  retainMessage,
} from "../netlink/retained_message.ts";
import { same } from "./monitor/differences.ts";
import { qdiscKindNamed } from "./qdiscs/list.ts";

/**
 * A queueing discipline of a link, or a class of one; `ipQdisc()` and `ipClass()`
 * return the options under the names of `tc -j`. Source: tc(8).
 *
 * @example
 * ```ts
 * import { RouteSocket } from "@netplumb/netplumb";
 *
 * await using route = RouteSocket.open();
 * for (const { kind, ifindex } of await route.qdiscs()) {
 *   console.log(ifindex, kind); // 1 noqueue
 * }
 * ```
 */
export class Qdisc {
  /** The link. */
  readonly ifindex: number;
  /** Its id: major number << 16 | minor number, which is 0 for a qdisc. */
  readonly handle: number;
  /** The id of the class that it is attached to; 0xffffffff is the root. */
  readonly parent: number;
  /** Of a qdisc its number of references; of a class the handle of its qdisc. */
  readonly info: number;
  /** "netem", "htb" ... */
  readonly kind: string;
  readonly #message: RetainedMessage;

  /** Decodes the current message; see decodeQdisc(). */
  constructor(message: MessageReader) {
    const { tcm_ifindex, tcm_handle, tcm_parent, tcm_info } = tcmsg.get(
      message.view,
      message.payload,
    );
    this.ifindex = tcm_ifindex;
    this.handle = tcm_handle;
    this.parent = tcm_parent;
    this.info = tcm_info;
    this.#message = retainMessage(message);
    this.kind = this.attribute(TCA_KIND)?.string() ?? "";
  }

  /** The attribute of a type, TCA_*; undefined if it has none. */
  attribute(type: number): AttributeReader | undefined {
    const { buffer, start, end } = this.#message;
    const reader = new AttributeReader(buffer, noCounts());
    reader.reset(start + NLMSG_HDRLEN + tcmsg.size, end);
    while (reader.next()) if (reader.type === type) return reader;
    return undefined;
  }
}

/**
 * Decodes a message about a qdisc or class; undefined if it is truncated.
 *
 * Source: rtnetlink(7).
 *
 * @param message The message, at the position of the reader.
 */
export function decodeQdisc(message: MessageReader): Qdisc | undefined {
  return message.holds(tcmsg.size) ? new Qdisc(message) : undefined;
}

/** The options with the keys of `tc -j`, without counters. */
function optionsOf(qdisc: Qdisc): unknown {
  const options = qdisc.attribute(TCA_OPTIONS);
  if (options === undefined) return undefined;
  const { json } = qdiscKindNamed(qdisc.kind) ?? {};
  if (json === undefined) {
    const { view, at, length } = options;
    return new Uint8Array(view.buffer, view.byteOffset + at, length);
  }
  const { direct_packets_stat: _, ...rest } = json(options, true);
  return rest;
}

/** The fields that differ, without counters. */
export function qdiscChanges(qdisc: Qdisc, previous: Qdisc): string[] {
  const fields = (["kind", "handle", "parent"] as const).filter((field) =>
    qdisc[field] !== previous[field]
  );
  return same(optionsOf(qdisc), optionsOf(previous))
    ? fields
    : [...fields, "options"];
}
