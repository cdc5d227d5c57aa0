// What a link is as a member of a bond.

import * as c from "../../../../ffi/layout/linux_if_link_kinds.ts";
import type { LinkKind } from "../kind.ts";
import { number, type OptionsOf } from "../option.ts";

/**
 * The options of a bond's member, by iproute2's words. Source: ip-link(8),
 * linux/if_link.h.
 */
export interface BondPortOptions {
  /** The queue whose packets leave by it. */
  readonly queue_id?: number;
  /** The larger, the sooner it is chosen. */
  readonly prio?: number;
}

const options: OptionsOf<BondPortOptions> = {
  queue_id: number("u16", c.IFLA_BOND_SLAVE_QUEUE_ID),
  prio: number("i32", c.IFLA_BOND_SLAVE_PRIO),
};

export const bondSlave: LinkKind = {
  name: "bond_slave",
  module: "bonding",
  port: true,
  options,
};
