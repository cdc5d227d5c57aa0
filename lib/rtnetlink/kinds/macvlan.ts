// MACVLAN and MACVTAP: further link-layer addresses of a lower link. Source:
// ip-link(8).

import * as c from "../../../ffi/uapi/linux_if_link_kinds.ts";
import { ArgumentError } from "../../errors.ts";
import { formatLinkAddress, parseLinkAddress } from "../../net/link_address.ts";
import type { AttributeWriter } from "../../netlink/attribute_writer.ts";
import {
  type Attribute,
  bits,
  number,
  plainBits,
  reported,
  word,
} from "../spec/attribute.ts";
import { u16, u32 } from "../spec/codec.ts";
import { onlyTrue } from "../spec/json.ts";
import type { AttributeLevel } from "../spec/level.ts";
import { ethernetAddress } from "../spec/value.ts";
import { type LinkKind, linkKind } from "./kind.ts";

/**
 * Options of a MACVLAN or MACVTAP link, with iproute2's keys. Source:
 * ip-link(8), linux/if_link.h.
 */
export interface MacvlanOptions {
  /** Which links with the same lower link reach each other. */
  readonly mode?: "private" | "vepa" | "bridge" | "passthru" | "source";
  /** Keep the lower link out of promiscuous mode; in mode passthru. */
  readonly nopromisc?: boolean;
  /** Do not deliver by destination address; in mode source. */
  readonly nodst?: boolean;
  /**
   * Change the allowed source addresses of mode source: "add ADDRESS", "del
   * ADDRESS", "set ADDRESS ADDRESS ..." or "flush".
   */
  readonly macaddr?: string;
  /** Length of the queue of broadcast and multicast packets. */
  readonly bcqueuelen?: number;
}

/** What the kernel reports about a MACVLAN or MACVTAP link. */
export interface MacvlanData extends MacvlanOptions {
  /** Length of the broadcast queue in use, the longest of the lower link. */
  readonly usedbcqueuelen?: number;
  /** Number of allowed source addresses. */
  readonly macaddr_count?: number;
  /** Allowed source addresses. */
  readonly macaddr_data?: readonly string[];
}

const MODES = {
  private: c.MACVLAN_MODE_PRIVATE,
  vepa: c.MACVLAN_MODE_VEPA,
  bridge: c.MACVLAN_MODE_BRIDGE,
  passthru: c.MACVLAN_MODE_PASSTHRU,
  source: c.MACVLAN_MODE_SOURCE,
};
const MODE_NAMES = new Map(
  Object.entries(MODES).map(([mode, value]) => [value, mode]),
);

/** Actions on the list of addresses, and how many addresses each takes. */
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
  const [action = "", ...addresses] = given.split(" ");
  const rule = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
  return rule !== undefined && addresses.length >= rule.least &&
      addresses.length <= rule.most &&
      addresses.every((one) => ethernetAddress.read(one) !== undefined)
    ? { action, number: rule.number, addresses }
    : undefined;
}

const macaddr: Attribute<string> = {
  expected: "add or del with an Ethernet address, set with some, or flush",
  schema: { type: "string", pattern: "^(add|del|set|flush)( [0-9a-fA-F:]+)*$" },
  several: true,
  once: true,
  number: c.IFLA_MACVLAN_MACADDR_MODE,
  read: (given) =>
    typeof given === "string" && parse(given) !== undefined ? given : undefined,
  decode: () => undefined,
  encode(body, value) {
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
  json: [],
};

const inSourceMode = (level: AttributeLevel) =>
  level.get(c.IFLA_MACVLAN_MODE)?.u32() === c.MACVLAN_MODE_SOURCE;

function addresses(level: AttributeLevel): string[] | undefined {
  if (!inSourceMode(level) || !level.has(c.IFLA_MACVLAN_MACADDR_COUNT)) {
    return undefined;
  }
  const list = level.get(c.IFLA_MACVLAN_MACADDR_DATA)?.enter();
  if (list === undefined) return undefined;
  const found: string[] = [];
  while (list.next()) {
    if (list.type === c.IFLA_MACVLAN_MACADDR && list.length >= 6) {
      found.push(formatLinkAddress(list.bytes, list.at, 6));
    }
  }
  return found;
}

function macvlanKind(name: string): LinkKind<MacvlanOptions> {
  return linkKind<MacvlanOptions, MacvlanData>(name, () => ({
    mode: word(c.IFLA_MACVLAN_MODE, u32, MODES, {
      kernelDefault: "vepa",
      json: (raw) => MODE_NAMES.get(raw) ?? "unknown",
    }),
    ...bits(c.IFLA_MACVLAN_FLAGS, plainBits(u16), {
      nopromisc: c.MACVLAN_FLAG_NOPROMISC,
      nodst: c.MACVLAN_FLAG_NODST,
    }, { toggle: true, json: onlyTrue }),
    bcqueuelen: number(c.IFLA_MACVLAN_BC_QUEUE_LEN, u32, {
      kernelDefault: 1000,
    }),
    usedbcqueuelen: reported<number>(
      c.IFLA_MACVLAN_BC_QUEUE_LEN_USED,
      (value) => value.u32(),
    ),
    macaddr_count: reported<number>(
      c.IFLA_MACVLAN_MACADDR_COUNT,
      (value, level) => {
        const count = value.u32();
        return inSourceMode(level) ? count : undefined;
      },
    ),
    macaddr_data: reported<readonly string[]>(
      c.IFLA_MACVLAN_MACADDR_DATA,
      (_, level) => addresses(level),
    ),
    macaddr,
  }), {
    lower: true,
    // The flags have no mask.
    together: true,
    needs: c.IFLA_MACVLAN_MODE,
    constants: { of: c, prefix: "IFLA_MACVLAN_" },
    prepare(given) {
      if (given.nopromisc && given.mode !== "passthru") {
        throw new ArgumentError(
          "macvlan nopromisc",
          true,
          "allowed except in mode passthru",
        );
      }
      return { ...given };
    },
  });
}

export const macvlan: LinkKind<MacvlanOptions> = macvlanKind("macvlan");

export const macvtap: LinkKind<MacvlanOptions> = macvlanKind("macvtap");
