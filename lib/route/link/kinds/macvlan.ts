// ip link add link LOWER name NAME type macvlan or macvtap. Source: ip-link(8).

import * as ifla from "../../../../ffi/layout/linux_if_link_kinds.ts";
import { formatLinkAddress } from "../../../link_address.ts";
import {
  type AttributeLevel,
  type Kind,
  type KindData,
  other,
  u32,
} from "../field.ts";

/** By bits, so not a list. */
const MODES = new Map([
  [ifla.MACVLAN_MODE_PRIVATE, "private"],
  [ifla.MACVLAN_MODE_VEPA, "vepa"],
  [ifla.MACVLAN_MODE_BRIDGE, "bridge"],
  [ifla.MACVLAN_MODE_PASSTHRU, "passthru"],
  [ifla.MACVLAN_MODE_SOURCE, "source"],
]);

const ADDRESS = 6;

/** The senders a link in source mode listens to. */
function senders(data: KindData, level: AttributeLevel): void {
  if (data.mode !== "source") return;
  const count = level.get(ifla.IFLA_MACVLAN_MACADDR_COUNT);
  if (count === undefined) return;
  data.macaddr_count = count.u32();
  const list = level.get(ifla.IFLA_MACVLAN_MACADDR_DATA)?.enter();
  if (list === undefined) return;
  const addresses: string[] = [];
  while (list.next()) {
    if (list.type === ifla.IFLA_MACVLAN_MACADDR && list.length >= ADDRESS) {
      addresses.push(formatLinkAddress(list.bytes, list.at, ADDRESS));
    }
  }
  data.macaddr_data = addresses;
}

function flag(key: string, bit: number) {
  return other(
    ifla.IFLA_MACVLAN_FLAGS,
    key,
    (value) => (value.u16() & bit) !== 0 ? true : undefined,
  );
}

const shared: Omit<Kind, "name"> = {
  needs: [ifla.IFLA_MACVLAN_MODE],
  data: [
    other(
      ifla.IFLA_MACVLAN_MODE,
      "mode",
      (value) => MODES.get(value.u32()) ?? "unknown",
    ),
    flag("nopromisc", ifla.MACVLAN_FLAG_NOPROMISC),
    flag("nodst", ifla.MACVLAN_FLAG_NODST),
    u32(ifla.IFLA_MACVLAN_BC_QUEUE_LEN, "bcqueuelen"),
    u32(ifla.IFLA_MACVLAN_BC_QUEUE_LEN_USED, "usedbcqueuelen"),
  ],
  finish: senders,
};

export const macvlan: Kind = { name: "macvlan", ...shared };
export const macvtap: Kind = { name: "macvtap", ...shared };
