// ip link add link LOWER name NAME type ipvlan or ipvtap. Source: ip-link(8).

import * as ifla from "../../../../ffi/layout/linux_if_link_kinds.ts";
import { type Field, type Kind, other } from "../field.ts";

const MODES = new Map([
  [ifla.IPVLAN_MODE_L2, "l2"],
  [ifla.IPVLAN_MODE_L3, "l3"],
  [ifla.IPVLAN_MODE_L3S, "l3s"],
]);

/** Which of the three the flags stand for. */
function sharing(key: string, fits: (flags: number) => boolean): Field {
  return other(
    ifla.IFLA_IPVLAN_FLAGS,
    key,
    (value) => value.length === 2 && fits(value.u16()) ? true : undefined,
  );
}

const isPrivate = (flags: number) => (flags & ifla.IPVLAN_F_PRIVATE) !== 0;
const isVepa = (flags: number) =>
  !isPrivate(flags) && (flags & ifla.IPVLAN_F_VEPA) !== 0;

const data: Field[] = [
  other(
    ifla.IFLA_IPVLAN_MODE,
    "mode",
    (value) =>
      value.length === 2 ? MODES.get(value.u16()) ?? "unknown" : undefined,
  ),
  sharing("private", isPrivate),
  sharing("vepa", isVepa),
  sharing("bridge", (flags) => !isPrivate(flags) && !isVepa(flags)),
];

export const ipvlan: Kind = { name: "ipvlan", data };
export const ipvtap: Kind = { name: "ipvtap", data };
