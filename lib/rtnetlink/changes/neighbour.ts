// Requests that add, replace and delete neighbours.

import * as nd from "../../../ffi/uapi/linux_neighbour.ts";
import {
  NLM_F_CREATE,
  NLM_F_EXCL,
  NLM_F_REPLACE,
} from "../../../ffi/uapi/linux_netlink.ts";
import {
  RTM_DELNEIGH,
  RTM_NEWNEIGH,
} from "../../../ffi/uapi/linux_rtnetlink.ts";
import { AF_INET, AF_INET6 } from "../../../ffi/uapi/sys_socket.ts";
import { parseAddress } from "../../net/ip_address.ts";
import { ArgumentError } from "../../errors.ts";
import { parseLinkAddress } from "../../net/link_address.ts";
import { AttributeWriter } from "../../netlink/attribute_writer.ts";
import { type Change, checked } from "./change.ts";
import { bitsOf, type OptionsOf, readSpec, toggleBit } from "./option.ts";
import { ipAddress, linkAddress, linkName, oneOf } from "../spec/value.ts";
import { protocol } from "./words.ts";

/** A neighbour, by iproute2's words. Source: ip-neighbour(8). */
export interface NeighbourSpec {
  /** Its address in the network. */
  readonly to: string;
  /** The link it is on; of a proxy entry, none means all. */
  readonly dev?: string | number;
  /** Its link-layer address. */
  readonly lladdr?: string;
  /** Its state; "permanent" if not given. */
  readonly nud?:
    | "none"
    | "incomplete"
    | "reachable"
    | "stale"
    | "delay"
    | "probe"
    | "failed"
    | "noarp"
    | "permanent";
  /** Whether the machine answers for it. */
  readonly proxy?: boolean;
  /** Whether it is a router. */
  readonly router?: boolean;
  /** Whether it is looked for now. */
  readonly use?: boolean;
  /** Whether the kernel keeps looking for it. */
  readonly managed?: boolean;
  /** Whether a program learned of it, and the kernel does not forget it. */
  readonly extern_learn?: boolean;
  /** Who made it. */
  readonly protocol?: number | string;
}

/** The state of a neighbour. Source: linux/neighbour.h. */
export type NeighbourState = NonNullable<NeighbourSpec["nud"]>;

const STATES: { readonly [S in NeighbourState]: number } = {
  none: nd.NUD_NONE,
  incomplete: nd.NUD_INCOMPLETE,
  reachable: nd.NUD_REACHABLE,
  stale: nd.NUD_STALE,
  delay: nd.NUD_DELAY,
  probe: nd.NUD_PROBE,
  failed: nd.NUD_FAILED,
  noarp: nd.NUD_NOARP,
  permanent: nd.NUD_PERMANENT,
};

/** How each word is read. */
export const NEIGHBOUR: OptionsOf<NeighbourSpec> = {
  to: ipAddress,
  dev: linkName,
  lladdr: linkAddress,
  nud: oneOf(Object.keys(STATES) as NeighbourState[]),
  proxy: toggleBit,
  router: toggleBit,
  use: toggleBit,
  managed: toggleBit,
  extern_learn: toggleBit,
  protocol,
};

const FLAGS = {
  proxy: nd.NTF_PROXY,
  router: nd.NTF_ROUTER,
  use: nd.NTF_USE,
  extern_learn: nd.NTF_EXT_LEARNED,
};

function change(
  verb: string,
  type: number,
  flags: number,
  given: NeighbourSpec,
): Change {
  const spec = readSpec("neighbour", NEIGHBOUR, given, "to");
  const { dev, lladdr, managed } = spec;
  if (dev === undefined && !spec.proxy) {
    throw new ArgumentError("neighbour dev", dev, linkName.expected);
  }
  const on = dev === undefined ? "" : ` of ${dev}`;
  const what = `${verb} neighbour ${given.to}${on}`;
  const { address } = parseAddress(spec.to, "to");
  return checked({
    what,
    requests(known) {
      const state = spec.nud ?? (managed ? "none" : "permanent");
      const body = new AttributeWriter().raw(nd.ndmsg.build({
        ndm_family: address.length === 4 ? AF_INET : AF_INET6,
        ndm_ifindex: dev === undefined ? 0 : known.index(dev),
        ndm_state: STATES[state],
        ndm_flags: bitsOf({ ...spec }, FLAGS).value,
      })).bytes(nd.NDA_DST, address);
      if (managed) body.u32(nd.NDA_FLAGS_EXT, nd.NTF_EXT_MANAGED);
      if (lladdr !== undefined) {
        body.bytes(nd.NDA_LLADDR, parseLinkAddress(lladdr));
      }
      if (spec.protocol !== undefined) {
        body.u8(nd.NDA_PROTOCOL, Number(spec.protocol));
      }
      return [{ type, flags, body: body.finish(), tried: what }];
    },
  });
}

/**
 * A neighbour to add; it must not be there yet.
 *
 * Source: ip-neighbour(8), rtnetlink(7).
 *
 * @param spec The neighbour.
 * @throws {ArgumentError} If something in it cannot be right.
 *
 * @example
 * ```ts
 * import { addNeighbour } from "@netplumb/netplumb";
 *
 * addNeighbour({ to: "192.0.2.2", dev: "eth0", lladdr: "02:00:5e:10:00:02" });
 * addNeighbour({ to: "192.0.2.3", dev: "eth0", proxy: true });
 * ```
 */
export function addNeighbour(spec: NeighbourSpec): Change {
  return change("add", RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_EXCL, spec);
}

/**
 * A neighbour to add, or to change if it is there already.
 *
 * Source: ip-neighbour(8), rtnetlink(7).
 *
 * @param spec The neighbour.
 * @throws {ArgumentError} If something in it cannot be right.
 *
 * @example
 * ```ts
 * import { replaceNeighbour } from "@netplumb/netplumb";
 *
 * replaceNeighbour({
 *   to: "192.0.2.2",
 *   dev: "eth0",
 *   lladdr: "02:00:5e:10:00:07",
 *   nud: "reachable",
 * });
 * ```
 */
export function replaceNeighbour(spec: NeighbourSpec): Change {
  return change("replace", RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, spec);
}

/**
 * A neighbour to delete.
 *
 * Source: ip-neighbour(8), rtnetlink(7).
 *
 * @param spec The neighbour: its address, its link, and whether it is a proxy.
 * @throws {ArgumentError} If something in it cannot be right.
 *
 * @example
 * ```ts
 * import { deleteNeighbour } from "@netplumb/netplumb";
 *
 * deleteNeighbour({ to: "192.0.2.2", dev: "eth0" });
 * ```
 */
export function deleteNeighbour(spec: NeighbourSpec): Change {
  return change("delete", RTM_DELNEIGH, 0, spec);
}
