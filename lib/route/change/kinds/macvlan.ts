// MACVLAN and MACVTAP devices: further link-layer addresses of a lower link.

import * as c from "../../../../ffi/layout/linux_if_link_kinds.ts";
import { ArgumentError } from "../../../errors.ts";
import { parseLinkAddress } from "../../../link_address.ts";
import type { AttributeWriter } from "../../../netlink/attribute_writer.ts";
import type { LinkKind } from "../kind.ts";
import {
  bitsOf,
  number,
  type Option,
  type OptionsOf,
  toggleBit,
  word,
} from "../option.ts";
import { ethernetAddress } from "../value.ts";

/**
 * The options of a MACVLAN or MACVTAP device, by iproute2's words.
 * Source: ip-link(8), linux/if_link.h.
 */
export interface MacvlanOptions {
  /** Who of those on the same lower link hear each other. */
  readonly mode?: "private" | "vepa" | "bridge" | "passthru" | "source";
  /** Whether the lower link stays out of promiscuous mode; passthru only. */
  readonly nopromisc?: boolean;
  /** Whether packets for unknown addresses are not taken in; source only. */
  readonly nodst?: boolean;
  /**
   * Of source mode, which addresses packets may come from: "add ADDRESS", "del
   * ADDRESS", "set ADDRESS ADDRESS ..." or "flush".
   */
  readonly macaddr?: string;
  /** How many broadcast packets may wait. */
  readonly bcqueuelen?: number;
}

const MODES = {
  private: c.MACVLAN_MODE_PRIVATE,
  vepa: c.MACVLAN_MODE_VEPA,
  bridge: c.MACVLAN_MODE_BRIDGE,
  passthru: c.MACVLAN_MODE_PASSTHRU,
  source: c.MACVLAN_MODE_SOURCE,
};

/** The options that are bits of one attribute. */
const BITS = {
  nopromisc: c.MACVLAN_FLAG_NOPROMISC,
  nodst: c.MACVLAN_FLAG_NODST,
};

/** What can be done to the list of addresses, and with how many. */
const ACTIONS: {
  readonly [action: string]: {
    readonly number: number;
    readonly least: number;
    readonly most: number;
  };
} = {
  add: { number: c.MACVLAN_MACADDR_ADD, least: 1, most: 1 },
  del: { number: c.MACVLAN_MACADDR_DEL, least: 1, most: 1 },
  set: { number: c.MACVLAN_MACADDR_SET, least: 0, most: Infinity },
  flush: { number: c.MACVLAN_MACADDR_FLUSH, least: 0, most: 0 },
};

function parse(given: string) {
  const [action, ...addresses] = given.split(" ");
  const rule = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
  return rule !== undefined && addresses.length >= rule.least &&
      addresses.length <= rule.most &&
      addresses.every((one) => ethernetAddress.read(one) !== undefined)
    ? { action, number: rule.number, addresses }
    : undefined;
}

const macaddr: Option<string> = {
  expected: "add or del with an Ethernet address, set with some, or flush",
  schema: { type: "string", pattern: "^(add|del|set|flush)( [0-9a-fA-F:]+)*$" },
  several: true,
  read: (given) =>
    typeof given === "string" && parse(given) !== undefined ? given : undefined,
  write(body, value) {
    const { action, number, addresses } = parse(value)!;
    body.u32(c.IFLA_MACVLAN_MACADDR_MODE, number);
    const write = (to: AttributeWriter) => {
      for (const address of addresses) {
        to.bytes(c.IFLA_MACVLAN_MACADDR, parseLinkAddress(address));
      }
    };
    if (action === "set") {
      body.nest(c.IFLA_MACVLAN_MACADDR_DATA, write, true);
    } else {
      write(body);
    }
  },
};

const options: OptionsOf<MacvlanOptions> = {
  mode: word("u32", c.IFLA_MACVLAN_MODE, MODES),
  nopromisc: toggleBit,
  nodst: toggleBit,
  macaddr,
  bcqueuelen: number("u32", c.IFLA_MACVLAN_BC_QUEUE_LEN),
};

const finish: LinkKind["finish"] = (body, values) => {
  if (values.nopromisc && values.mode !== "passthru") {
    throw new ArgumentError(
      "macvlan nopromisc",
      true,
      "possible but in mode passthru",
    );
  }
  const { value, mask } = bitsOf(values, BITS);
  if (mask !== 0) body.u16(c.IFLA_MACVLAN_FLAGS, value);
};

export const macvlan: LinkKind = {
  name: "macvlan",
  lower: true,
  options,
  finish,
};

export const macvtap: LinkKind = { ...macvlan, name: "macvtap" };
