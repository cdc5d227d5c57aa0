// Describes the VLANs, forwarding entries and multicast entries of a link.

import {
  BRIDGE_VLAN_INFO_PVID,
  BRIDGE_VLAN_INFO_UNTAGGED,
} from "../../../ffi/uapi/linux_if_bridge.ts";
import { RTPROT_STATIC } from "../../../ffi/uapi/linux_rtnetlink.ts";
import { type BridgeVlan, vlanRanges } from "../../rtnetlink/bridge_vlan.ts";
import type { Link } from "../../rtnetlink/link/link.ts";
import { MDB, type MdbEntry } from "../../rtnetlink/mdb.ts";
import type { Neighbour } from "../../rtnetlink/neighbour.ts";
import { fdbSpec, isOwnFdb } from "../plan/fdb.ts";
import { isOwnMdb } from "../plan/mdb.ts";
import type { State } from "../plan/state.ts";
import { deviceOf, type Draft, present } from "./draft.ts";

/** The tables of bridges by link. */
export class BridgeTables {
  readonly #state: State;
  readonly #vlans: Map<number, BridgeVlan[]>;
  readonly #fdb: Map<number, Neighbour[]>;
  readonly #mdb: Map<number, MdbEntry[]>;

  constructor(state: State) {
    this.#state = state;
    const fdb = [...state.fdb].filter((one) => isOwnFdb(one, state));
    const mdb = [...state.mdb].filter((one) => isOwnMdb(one, state));
    this.#vlans = Map.groupBy(state.vlans, ({ ifindex }) => ifindex);
    this.#fdb = Map.groupBy(fdb, ({ ifindex }) => ifindex);
    this.#mdb = Map.groupBy(mdb, ({ port }) => port);
  }

  /** The lists of a link that are not empty. */
  describe(link: Link): Draft {
    const { ifindex } = link;
    const state = this.#state;
    const lists = {
      vlans: this.#describeVlans(link),
      fdb: (this.#fdb.get(ifindex) ?? []).map((one) => fdb(one, state)),
      mdb: (this.#mdb.get(ifindex) ?? []).map((one) => mdb(one, state)),
    };
    return Object.fromEntries(
      Object.entries(lists).filter(([, list]) => list.length > 0),
    );
  }

  /** The VLANs, unless they are those of a new port. */
  #describeVlans(link: Link): unknown[] {
    const { ifindex, kind, master = 0 } = link;
    const bridge = kind === "bridge" ? link : this.#state.link(master);
    // The kernel may have no VLANs.
    if (bridge?.kind !== "bridge" || this.#vlans.size === 0) return [];
    const first = Number(bridge.data?.vlan_default_pvid ?? 1);
    const all = (this.#vlans.get(ifindex) ?? [])
      .toSorted((a, b) => a.vid - b.vid);
    const items = [...described(all)];
    const isNew = first === 0
      ? all.length === 0
      : all.length === 1 && all[0]!.vid === first &&
        all[0]!.flags === (BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED);
    if (isNew) return [];
    return first === 0 || all.some(({ vid }) => vid === first)
      ? items
      : [...items, { vid: first, state: "absent" }];
  }
}

/** VLANs as numbers, ranges and mappings. */
function* described(vlans: readonly BridgeVlan[]): Generator<unknown> {
  for (let at = 0; at < vlans.length;) {
    const { flags } = vlans[at]!;
    let end = at + 1;
    while (vlans[end]?.flags === flags) end++;
    const vids = vlans.slice(at, end).map(({ vid }) => vid);
    for (const range of vlanRanges(vids)) {
      const vid = range.includes("-") ? range : Number(range);
      yield flags === 0 ? vid : present({
        vid,
        pvid: flags & BRIDGE_VLAN_INFO_PVID ? true : undefined,
        untagged: flags & BRIDGE_VLAN_INFO_UNTAGGED ? true : undefined,
      });
    }
    at = end;
  }
}

function fdb(entry: Neighbour, state: State): Draft {
  const { dev: _, ...spec } = fdbSpec(entry);
  return present({
    ...spec,
    via: deviceOf(entry.viaIfindex ?? 0, state),
    state: spec.state === "permanent" ? undefined : spec.state,
  });
}

function mdb(entry: MdbEntry, state: State): Draft {
  const { dev: _, port: __, state: ___, ...spec } = MDB.specOf(entry);
  const { protocol, sources = [], source } = entry;
  const mode = source === undefined ? "exclude" : "include";
  const isPlain = sources.length === 0 && spec.filter_mode === mode;
  return present({
    ...spec,
    via: deviceOf(entry.viaIfindex ?? 0, state),
    filter_mode: isPlain ? undefined : spec.filter_mode,
    source_list: sources.length === 0
      ? undefined
      : sources.map(({ address }) => address),
    // The kernel's default.
    proto: protocol === RTPROT_STATIC ? undefined : spec.proto,
  });
}
