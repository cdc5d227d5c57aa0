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
import { mdbIdentity } from "../../rtnetlink/monitor/identities.ts";
import type { MdbConfiguration } from "../parse/configuration.ts";
import { type DesiredLink, pathOf } from "../parse/desired.ts";
import { Order } from "./action.ts";
import type { DesiredObject } from "./desired_object.ts";
import type { State } from "./state.ts";

/** The key of an entry in plans: of several remotes of a VXLAN once. */
export function mdbKey(
  { ifindex, port, vlan, group, source = "" }: MdbEntry,
): string {
  return `${ifindex} ${port} ${vlan} ${group} ${source}`;
}

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
  const specIn = (current: State): MdbSpec => {
    const { kind = link.kind, master: bridge = 0 } = current.named(port) ?? {};
    const isOwn = kind === "bridge" || dst !== undefined;
    const dev = isOwn ? port : master ?? bridge;
    // The kernel accepts no other state for groups that the host receives.
    const state = kind === "bridge" ? "temp" : "permanent";
    return { ...configuration, dev, port, state };
  };
  const wanted = (state: State) => mdbEntry(specIn(state), state.numbers);
  const find = (state: State) => {
    const entry = wanted(state);
    const { data } = state.link(entry.ifindex) ?? {};
    // The kernel does not report the port and the identifier of the VXLAN itself.
    if (entry.destinationPort === data?.port) delete entry.destinationPort;
    if (entry.vni === data?.id) delete entry.vni;
    return state.mdb.get(mdbIdentity.key(entry));
  };
  const { dst_port: _, vni: __, ...compared } = configuration;
  const compare = MDB.comparison({ ...compared, state: "permanent" });
  return {
    object: "mdb",
    order: Order.mdb,
    name: mdbName(grp, { src, vid, dst }, port),
    path: pathOf(configuration),
    devices: [port, master, via].filter((one) => typeof one === "string"),
    key: (state) => mdbKey(wanted(state)),
    find,
    correction(state) {
      const found = find(state);
      const spec = specIn(state);
      const undo = [deletion(spec)];
      if (found === undefined) {
        return {
          action: "add",
          differences: [],
          changes: [addMdb(spec)],
          undo,
        };
      }
      const entry = wanted(state);
      // Without IGMPv3 or MLDv2, the bridge neither reports nor uses filters.
      const filter = found.filterMode === undefined ? entry : found;
      const { filterMode, sources = [] } = filter;
      const is: MdbEntry = { ...found, sources };
      if (filterMode !== undefined) is.filterMode = filterMode;
      const differences = compare(
        is,
        entry,
        (index) => state.nameOf(index),
      );
      // Kernels before 6.3 do not replace entries.
      const changes = [...undo, addMdb(spec)];
      return differences.length === 0
        ? undefined
        : { action: "change", differences, changes, undo: [] };
    },
    removal: (state) =>
      find(state) === undefined ? undefined : [deletion(specIn(state))],
  };
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
  const { ifindex, port, source, flags, timer = 0 } = entry;
  // A group that the host receives is not permanent.
  const stays = entry.permanent || port === ifindex && timer === 0;
  if (!stays || flags & MDB_FLAGS_STAR_EXCL) return false;
  if (source === undefined) return true;
  const { source: _, ...any } = entry;
  const sources = state.mdb.get(mdbIdentity.key(any))?.sources ?? [];
  return sources.every(({ address }) => address !== source);
}
