// Desired entries of forwarding tables, by key and in a state.

import {
  NTF_EXT_LEARNED,
  NUD_NOARP,
  NUD_PERMANENT,
} from "../../../ffi/uapi/linux_neighbour.ts";
import { FDB, type FdbSpec } from "../../rtnetlink/fdb.ts";
import { fdbIdentity, isFlooded } from "../../rtnetlink/monitor/identities.ts";
import type { Neighbour } from "../../rtnetlink/neighbour.ts";
import type { State } from "./state.ts";

/**
 * The key of an entry in plans: without the bridge, which the entry of a
 * request does not have, and of several remotes once.
 */
export function fdbKey(
  { ifindex, linkAddress, vlan = 0, sourceVni = 0 }: Neighbour,
): string {
  return `${ifindex} ${linkAddress} ${vlan} ${sourceVni}`;
}

/** The entries of a state with the key of an entry. */
export function alikeFdb(state: State, entry: Neighbour): Neighbour[] {
  const key = fdbKey(entry);
  if (entry.master === undefined && isFlooded(entry.linkAddress)) {
    return [...state.fdb].filter((one) => fdbKey(one) === key);
  }
  const found = state.fdb.get(fdbIdentity.key(entry));
  return found !== undefined && fdbKey(found) === key ? [found] : [];
}

/** The port and the identifier of a VXLAN, which its entries have by default. */
function ownValues(state: State, ifindex: number) {
  const { data } = state.link(ifindex) ?? {};
  return {
    port: data?.port as number | undefined,
    vni: data?.id as number | undefined,
  };
}

/** The entry of a state with the identity of the desired one. */
export function findFdb(
  state: State,
  wanted: Neighbour,
  { master }: FdbSpec,
): Neighbour | undefined {
  const link = state.link(wanted.ifindex);
  if (link?.kind === "bridge" || master) {
    const bridge = link?.kind === "bridge" ? link.ifindex : link?.master;
    const key = fdbIdentity.key({ ...wanted, master: bridge });
    const found = state.fdb.get(key);
    return found?.ifindex === wanted.ifindex ? found : undefined;
  }
  const own = ownValues(state, wanted.ifindex);
  const { port, vni } = wanted;
  return state.fdb.get(fdbIdentity.key({
    ...wanted,
    port: port === own.port ? undefined : port,
    vni: vni === own.vni ? undefined : vni,
  }));
}

/** An entry with the values of its VXLAN, which the kernel does not report. */
export function withOwnValues(entry: Neighbour, state: State): Neighbour {
  if (entry.master !== undefined) return entry;
  const own = ownValues(state, entry.ifindex);
  return {
    ...entry,
    port: entry.port ?? own.port,
    vni: entry.vni ?? own.vni,
  };
}

/**
 * Whether an entry is one of an administrator: it does not expire, and the
 * kernel did not add it with a link, a VLAN or a VXLAN.
 */
export function isOwnFdb(entry: Neighbour, state: State): boolean {
  const { ifindex, linkAddress, master, vlan, flags, destination } = entry;
  if ((entry.state & (NUD_NOARP | NUD_PERMANENT)) === 0) return false;
  if (flags & NTF_EXT_LEARNED) return false;
  const link = state.link(ifindex);
  if (master === undefined) {
    // Other devices list the multicast addresses that they receive.
    if (link?.kind !== "vxlan") return false;
    const { remote, group } = link.data ?? {};
    return destination === undefined
      ? entry.nexthopId !== undefined
      : destination !== (remote ?? group) || !isFlooded(linkAddress);
  }
  const isAddressOf = (index: number) =>
    state.link(index)?.address === linkAddress;
  if (isAddressOf(ifindex) || isAddressOf(master)) return false;
  // An entry without a VLAN is in all VLANs of its port.
  if (vlan === undefined) return true;
  const { vlan: _, ...all } = entry;
  return state.fdb.get(fdbIdentity.key(all))?.ifindex !== ifindex;
}

/** The options of an entry, with its table. */
export function fdbSpec(entry: Neighbour): FdbSpec {
  const { self: _, ...spec } = FDB.specOf(entry);
  const { ifindex, master = ifindex } = entry;
  return master === ifindex ? spec : { ...spec, master: true };
}
