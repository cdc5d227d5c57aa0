// Desired entries of multicast databases, by key and in a state.

import { MDB_FLAGS_STAR_EXCL } from "../../../ffi/uapi/linux_if_bridge.ts";
import {
  addMdb,
  deleteMdb,
  MDB,
  type MdbEntry,
  mdbEntry,
  type MdbSpec,
} from "../../rtnetlink/mdb.ts";
import type { Change } from "../../rtnetlink/changes/change.ts";
import { vlanRanges } from "../../rtnetlink/bridge_vlan.ts";
import { mdbIdentity } from "../../rtnetlink/monitor/identities.ts";
import type { MdbConfiguration } from "../parse/configuration.ts";
import { type DesiredLink, pathOf } from "../parse/desired.ts";
import { type Difference, Order } from "./action.ts";
import type { DesiredObject } from "./desired_object.ts";
import { mdbKey, type State } from "./state.ts";
import { vlansOf } from "./vlan.ts";

/** The name of an entry in actions: "239.1.1.1 vid 10 of eth0". */
export function mdbName(
  group: string,
  details: Readonly<Record<"src" | "vid" | "dst", string | number | undefined>>,
  port: string,
): string {
  const words = Object.entries(details).filter(([, value]) => value);
  return `${[group, ...words.flat()].join(" ")} of ${port}`;
}

/** The desired entry of a link that receives a multicast group. */
export function desiredMdb(
  link: DesiredLink,
  configuration: MdbConfiguration,
): DesiredObject {
  const { name: port, master } = link;
  const { grp, src, vid, dst, via } = configuration;
  /** The entry; it is in the database of the bridge, or of the VXLAN itself. */
  const specIn = (state: State): MdbSpec => {
    const { kind = link.kind, master: bridge = 0 } = state.named(port) ?? {};
    const isOwn = kind === "bridge" || dst !== undefined;
    const dev = isOwn ? port : master ?? bridge;
    return { ...configuration, dev, port, state: "permanent" };
  };
  /**
   * The entries, as the kernel would report them: without a VLAN, it has one for
   * each VLAN of the port if the bridge filters VLANs.
   */
  const wanted = (state: State): MdbEntry[] => {
    const entry = mdbEntry(specIn(state), state.numbers);
    const { data } = state.link(entry.ifindex) ?? {};
    // The kernel does not report the port and the identifier of the VXLAN itself.
    if (entry.destinationPort === data?.port) delete entry.destinationPort;
    if (entry.vni === data?.id) delete entry.vni;
    return vid === undefined && dst === undefined && data?.vlan_filtering
      ? vlansOf(state, entry.port).map(({ vid: vlan }) => ({ ...entry, vlan }))
      : [entry];
  };
  const find = (state: State) =>
    wanted(state).flatMap((entry) =>
      state.mdb.get(mdbIdentity.key(entry)) ?? []
    );
  const { dst_port: _, vni: __, ...compared } = configuration;
  const compare = MDB.comparison({ ...compared, state: "permanent" });
  return {
    object: "mdb",
    order: Order.mdb,
    name: mdbName(grp, { src, vid, dst }, port),
    path: pathOf(configuration),
    devices: [port, master, via].filter((one) => typeof one === "string"),
    key: (state) => mdbKey(mdbEntry(specIn(state), state.numbers)),
    find,
    correction(state) {
      const spec = specIn(state);
      const found = find(state);
      const entries = wanted(state);
      const undo = [deletion(spec)];
      if (found.length === 0) {
        return entries.length === 0
          ? undefined
          : { action: "add", differences: [], changes: [addMdb(spec)], undo };
      }
      const byVlan = new Map(found.map((one) => [one.vlan, one]));
      const differences = new Map<string, Difference>();
      const changes: Change[] = [];
      for (const entry of entries) {
        const is = byVlan.get(entry.vlan);
        const different = is === undefined ? [] : compare(
          withFilter(is, entry),
          entry,
          (index) => state.nameOf(index),
        );
        if (is !== undefined && different.length === 0) continue;
        for (const one of different) differences.set(one.key, one);
        const one = { ...spec, ...entry.vlan && { vid: entry.vlan } };
        // Kernels before 6.3 do not replace entries.
        if (is !== undefined) changes.push(deletion(one));
        changes.push(addMdb(one));
      }
      if (changes.length === 0) return undefined;
      if (found.length < entries.length) {
        const text = (list: readonly MdbEntry[]) =>
          vlanRanges(list.map(({ vlan }) => vlan)).join(", ");
        const [is, wish] = [text(found), text(entries)];
        differences.set("vid", { key: "vid", is, wanted: wish });
      }
      return {
        action: "change",
        differences: [...differences.values()],
        changes,
        undo: [],
      };
    },
    removal(state, kept) {
      const found = find(state).filter((one) => !kept.has(one));
      return found.length === 0 ? undefined : found.map(deleteEntry);
    },
  };
}

/** An entry with the filter of the desired one, unless it is reported. */
function withFilter(is: MdbEntry, wanted: MdbEntry): MdbEntry {
  // Without IGMPv3 or MLDv2, the bridge neither reports nor uses filters.
  const { filterMode, sources = [] } = is.filterMode === undefined
    ? wanted
    : is;
  return { ...is, sources, ...filterMode !== undefined && { filterMode } };
}

function deletion(
  { filter_mode: _, source_list: __, proto: ___, ...identity }: MdbSpec,
) {
  return deleteMdb(identity);
}

/** The change that deletes an entry of a state. */
export function deleteEntry(entry: MdbEntry) {
  return deletion(MDB.specOf(entry));
}

/**
 * Whether an entry is one of an administrator: it does not expire, and it does
 * not come with the sources of another entry.
 */
export function isOwnMdb(entry: MdbEntry, state: State): boolean {
  const { source, permanent, flags } = entry;
  if (!permanent || flags & MDB_FLAGS_STAR_EXCL) return false;
  if (source === undefined) return true;
  const { source: _, ...any } = entry;
  const sources = state.mdb.get(mdbIdentity.key(any))?.sources ?? [];
  return sources.every(({ address }) => address !== source);
}
