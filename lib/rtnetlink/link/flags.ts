// iproute2's names of link flags.

import * as iff from "../../../ffi/uapi/linux_if.ts";
import {
  IFF_ALLMULTI,
  IFF_BROADCAST,
  IFF_LOOPBACK,
  IFF_MULTICAST,
  IFF_NOARP,
  IFF_POINTOPOINT,
  IFF_PROMISC,
  IFF_RUNNING,
  IFF_UP,
} from "../../../ffi/uapi/net_if.ts";
import { bitNames } from "../spec/json.ts";

const NAMES = [
  [IFF_LOOPBACK, "LOOPBACK"],
  [IFF_BROADCAST, "BROADCAST"],
  [IFF_POINTOPOINT, "POINTOPOINT"],
  [IFF_MULTICAST, "MULTICAST"],
  [IFF_NOARP, "NOARP"],
  [IFF_ALLMULTI, "ALLMULTI"],
  [IFF_PROMISC, "PROMISC"],
  [iff.IFF_MASTER, "MASTER"],
  [iff.IFF_SLAVE, "SLAVE"],
  [iff.IFF_DEBUG, "DEBUG"],
  [iff.IFF_DYNAMIC, "DYNAMIC"],
  [iff.IFF_AUTOMEDIA, "AUTOMEDIA"],
  [iff.IFF_PORTSEL, "PORTSEL"],
  [iff.IFF_NOTRAILERS, "NOTRAILERS"],
  [IFF_UP, "UP"],
  [iff.IFF_LOWER_UP, "LOWER_UP"],
  [iff.IFF_DORMANT, "DORMANT"],
  [iff.IFF_ECHO, "ECHO"],
] as const;

/** The names; "NO-CARRIER" first if a link is up but not running. */
export function flagNames(flags: number): string[] {
  const carrier = (flags & IFF_UP) === 0 || (flags & IFF_RUNNING) !== 0;
  const names = bitNames(flags & ~IFF_RUNNING, NAMES);
  return carrier ? names : ["NO-CARRIER", ...names];
}
