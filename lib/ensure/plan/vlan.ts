// Desired VLANs of bridges and ports: compared with the state one by one, changed
// as ranges.

import {
  BRIDGE_VLAN_INFO_PVID,
  BRIDGE_VLAN_INFO_UNTAGGED,
} from "../../../ffi/uapi/linux_if_bridge.ts";
import {
  addBridgeVlan,
  type BridgeVlan,
  deleteBridgeVlan,
  vlanRange,
  vlanRanges,
} from "../../rtnetlink/bridge_vlan.ts";
import type { Change } from "../../rtnetlink/changes/change.ts";
import { vlanIdentity } from "../../rtnetlink/monitor/identities.ts";
import { valueText } from "../../rtnetlink/spec/table.ts";
import type { VlanConfiguration } from "../parse/configuration.ts";
import { type DesiredLink, pathOf } from "../parse/desired.ts";
import { type Difference, Order } from "./action.ts";
import type { DesiredObject } from "./desired_object.ts";
import type { State } from "./state.ts";

const FLAGS = {
  pvid: BRIDGE_VLAN_INFO_PVID,
  untagged: BRIDGE_VLAN_INFO_UNTAGGED,
} as const;

/** Some VLANs of a link, in order. */
export function vlansOf(
  state: State,
  ifindex: number,
  vids: readonly number[] = ALL,
): BridgeVlan[] {
  return vids.flatMap((vid) =>
    state.vlans.get(vlanIdentity.key({ ifindex, vid, flags: 0 })) ?? []
  );
}

const ALL = vlanRange("1-4094");

/** Deletes VLANs of a link, as ranges. */
export function deleteVlans(
  state: State,
  ifindex: number,
  vids: Iterable<number>,
): Change[] {
  const { name: dev, kind } = state.link(ifindex)!;
  const self = kind === "bridge";
  return vlanRanges(vids).map((vid) => deleteBridgeVlan({ dev, vid, self }));
}

/** Desired VLANs with the same flags: one, or a range. */
export function desiredVlan(
  { name: dev, kind }: DesiredLink,
  configuration: VlanConfiguration,
): DesiredObject {
  const { vid, pvid = false, untagged = false } = configuration;
  const vids = vlanRange(vid);
  const name = `${vid} of ${dev}`;
  const wanted = (pvid ? FLAGS.pvid : 0) | (untagged ? FLAGS.untagged : 0);
  const key = (state: State) => state.numbers.index(dev);
  const find = (state: State) => vlansOf(state, key(state), vids);
  return {
    object: "vlan",
    order: Order.vlan,
    name,
    path: pathOf(configuration),
    devices: [dev],
    key,
    find,
    correction(state) {
      const found = find(state);
      const isRight = ({ flags }: BridgeVlan) =>
        (flags & (FLAGS.pvid | FLAGS.untagged)) === wanted;
      const right = new Set(found.filter(isRight).map(({ vid }) => vid));
      if (right.size === vids.length) return undefined;
      const self = (state.named(dev)?.kind ?? kind) === "bridge";
      const changed = vids.filter((vid) => !right.has(vid));
      const undone = new Set(changed);
      for (const { vid } of found) undone.delete(vid);
      return {
        action: found.length === 0 ? "add" : "change",
        differences: found.length === 0
          ? []
          : differences(found, configuration, vids),
        changes: vlanRanges(changed).map((vid) =>
          addBridgeVlan({ dev, vid, pvid, untagged, self })
        ),
        undo: vlanRanges(undone).map((vid) =>
          deleteBridgeVlan({ dev, vid, self })
        ),
      };
    },
    removal(state, kept) {
      const found = find(state).filter((one) => !kept.has(one));
      if (found.length === 0) return undefined;
      return deleteVlans(state, key(state), found.map(({ vid }) => vid));
    },
  };
}

function differences(
  found: readonly BridgeVlan[],
  { vid, ...wanted }: VlanConfiguration,
  vids: readonly number[],
): Difference[] {
  const list: Difference[] = [];
  if (found.length < vids.length) {
    const is = vlanRanges(found.map(({ vid }) => vid)).join(", ");
    list.push({ key: "vid", is, wanted: String(vid) });
  }
  for (const word of ["pvid", "untagged"] as const) {
    const { [word]: isWanted = false } = wanted;
    if (found.every(({ flags }) => (flags & FLAGS[word]) > 0 === isWanted)) {
      continue;
    }
    const [is, wish] = [!isWanted, isWanted].map(valueText);
    list.push({ key: word, is: is!, wanted: wish! });
  }
  return list;
}
