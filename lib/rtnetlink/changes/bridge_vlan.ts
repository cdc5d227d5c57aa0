// Adds and deletes VLANs of bridge ports.

import {
  BRIDGE_FLAGS_MASTER,
  BRIDGE_FLAGS_SELF,
  bridge_vlan_info,
  BRIDGE_VLAN_INFO_PVID,
  BRIDGE_VLAN_INFO_RANGE_BEGIN,
  BRIDGE_VLAN_INFO_RANGE_END,
  BRIDGE_VLAN_INFO_UNTAGGED,
  IFLA_BRIDGE_FLAGS,
  IFLA_BRIDGE_VLAN_INFO,
} from "../../../ffi/uapi/linux_if_bridge.ts";
import { IFLA_AF_SPEC } from "../../../ffi/uapi/linux_if_link.ts";
import {
  ifinfomsg,
  RTM_DELLINK,
  RTM_SETLINK,
} from "../../../ffi/uapi/linux_rtnetlink.ts";
import { AF_BRIDGE } from "../../../ffi/uapi/sys_socket.ts";
import { EOPNOTSUPP } from "../../../ffi/errno.ts";
import { ArgumentError } from "../../errors.ts";
import { AttributeWriter } from "../../netlink/attribute_writer.ts";
import { type Change, checked } from "./change.ts";
import { toggleWord } from "../spec/attribute.ts";
import { type OptionsOf, readSpec } from "../spec/table.ts";
import { linkName, type Reader, wholeNumber } from "../spec/value.ts";

/** A VLAN of a bridge port, with the keys of iproute2. Source: bridge(8). */
export interface BridgeVlanSpec {
  /** The port; with `self`, the bridge. */
  readonly dev: string | number;
  /** The VLAN, 1 to 4094, or an inclusive range: "10-20". */
  readonly vid: number | string;
  /** Assign received untagged packets to this VLAN. */
  readonly pvid?: boolean;
  /** Send the packets of this VLAN untagged. */
  readonly untagged?: boolean;
  /** Apply it to the device itself; required for a bridge. */
  readonly self?: boolean;
  /** Apply it to the port's bridge, which is the default. */
  readonly master?: boolean;
}

const VLAN = wholeNumber(1, 4094);

/** A VLAN or an inclusive range. */
const range: Reader<string> = {
  expected: "a VLAN from 1 to 4094, or two like 10-20",
  schema: { anyOf: [VLAN.schema, { type: "string", pattern: "^\\d+-\\d+$" }] },
  read(given) {
    const vlans = String(given).split("-").map((part) => VLAN.read(part));
    const [first, last = first, ...more] = vlans;
    return first !== undefined && last !== undefined && more.length === 0 &&
        (vlans.length === 1 || first < last)
      ? vlans.join("-")
      : undefined;
  },
};

/** How each key is parsed. */
export const BRIDGE_VLAN: OptionsOf<BridgeVlanSpec> = {
  dev: linkName,
  vid: range,
  pvid: toggleWord,
  untagged: toggleWord,
  self: toggleWord,
  master: toggleWord,
};

const FLAGS = { self: BRIDGE_FLAGS_SELF, master: BRIDGE_FLAGS_MASTER };
const VLAN_FLAGS = {
  pvid: BRIDGE_VLAN_INFO_PVID,
  untagged: BRIDGE_VLAN_INFO_UNTAGGED,
};

/** The bits of the enabled options. */
function bitsOf<Word extends keyof BridgeVlanSpec>(
  spec: BridgeVlanSpec,
  bits: { readonly [W in Word]: number },
): number {
  let value = 0;
  for (const [word, bit] of Object.entries<number>(bits)) {
    if (spec[word as Word]) value |= bit;
  }
  return value;
}

function change(verb: string, type: number, given: BridgeVlanSpec): Change {
  const spec = readSpec("VLAN", BRIDGE_VLAN, given, ["dev", "vid"]);
  const what = `${verb} VLAN ${given.vid} of ${given.dev}`;
  const [first = NaN, last] = String(spec.vid).split("-").map(Number);
  if (last !== undefined && spec.pvid) {
    throw new ArgumentError("pvid", spec.pvid, "possible of more than one");
  }
  return checked({
    what,
    requests(known) {
      const where = bitsOf(spec, FLAGS);
      const flags = bitsOf(spec, VLAN_FLAGS);
      const body = new AttributeWriter().raw(ifinfomsg.build({
        ifi_family: AF_BRIDGE,
        ifi_index: known.index(spec.dev),
      })).nest(IFLA_AF_SPEC, (inner) => {
        const vlan = (vid: number, flags: number) =>
          inner.bytes(
            IFLA_BRIDGE_VLAN_INFO,
            bridge_vlan_info.build({ vid, flags }),
          );
        if (where !== 0) inner.u16(IFLA_BRIDGE_FLAGS, where);
        if (last === undefined) {
          vlan(first, flags);
        } else {
          vlan(first, flags | BRIDGE_VLAN_INFO_RANGE_BEGIN);
          vlan(last, flags | BRIDGE_VLAN_INFO_RANGE_END);
        }
      }, true);
      return [{ type, body: body.finish(), tried: what }];
    },
    advice: ({ errno }) =>
      errno === EOPNOTSUPP
        ? "The link is no port of a bridge, or this kernel keeps no VLANs apart " +
          "(CONFIG_BRIDGE_VLAN_FILTERING)"
        : undefined,
  });
}

/**
 * Builds a change that adds a VLAN to a bridge port.
 *
 * Source: bridge(8), linux/if_bridge.h.
 *
 * @param spec The port and the VLAN.
 * @throws {ArgumentError} For an invalid value.
 *
 * @example
 * ```ts
 * import { addBridgeVlan } from "@netplumb/netplumb";
 *
 * addBridgeVlan({ dev: "veth0", vid: 10, pvid: true, untagged: true });
 * addBridgeVlan({ dev: "br0", vid: "20-29", self: true });
 * ```
 */
export function addBridgeVlan(spec: BridgeVlanSpec): Change {
  return change("add", RTM_SETLINK, spec);
}

/**
 * Builds a change that deletes a VLAN from a bridge port.
 *
 * Source: bridge(8), linux/if_bridge.h.
 *
 * @param spec The port and the VLAN.
 * @throws {ArgumentError} For an invalid value.
 *
 * @example
 * ```ts
 * import { deleteBridgeVlan } from "@netplumb/netplumb";
 *
 * deleteBridgeVlan({ dev: "veth0", vid: 1 });
 * ```
 */
export function deleteBridgeVlan(spec: BridgeVlanSpec): Change {
  return change("delete", RTM_DELLINK, spec);
}
