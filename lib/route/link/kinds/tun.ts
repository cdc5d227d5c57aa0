// ip tuntap add, or whoever opens /dev/net/tun. Source: ip-tuntap(8).

import { IFF_TAP, IFF_TUN } from "../../../../ffi/layout/linux_if_tun.ts";
import * as ifla from "../../../../ffi/layout/linux_if_link_kinds.ts";
import { groupName, userName } from "../../names/accounts.ts";
import {
  type AttributeLevel,
  type Kind,
  type KindData,
  onOff,
  other,
  u32,
} from "../field.ts";

function type(number: number): string {
  if (number === IFF_TUN) return "tun";
  return number === IFF_TAP ? "tap" : `UNKNOWN:${number}`;
}

/** A device with one queue says nothing of queues. */
function finish(data: KindData, level: AttributeLevel): void {
  if (!level.get(ifla.IFLA_TUN_MULTI_QUEUE)?.u8()) {
    delete data.numqueues;
    delete data.numdisabled;
  }
}

export const tun: Kind = {
  name: "tun",
  data: [
    other(ifla.IFLA_TUN_TYPE, "type", (value) => type(value.u8())),
    onOff(ifla.IFLA_TUN_PI, "pi"),
    onOff(ifla.IFLA_TUN_VNET_HDR, "vnet_hdr"),
    { ...onOff(ifla.IFLA_TUN_MULTI_QUEUE, "multi_queue"), absent: false },
    u32(ifla.IFLA_TUN_NUM_QUEUES, "numqueues"),
    u32(ifla.IFLA_TUN_NUM_DISABLED_QUEUES, "numdisabled"),
    onOff(ifla.IFLA_TUN_PERSIST, "persist"),
    other(
      ifla.IFLA_TUN_OWNER,
      "user",
      (value) => userName(value.u32()) ?? value.u32(),
    ),
    other(
      ifla.IFLA_TUN_GROUP,
      "group",
      (value) => groupName(value.u32()) ?? value.u32(),
    ),
  ],
  finish,
};
