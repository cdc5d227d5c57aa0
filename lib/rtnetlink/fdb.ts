// Forwarding tables of bridges and VXLANs: RTM_NEWNEIGH and RTM_DELNEIGH of
// AF_BRIDGE. Source: bridge(8), linux/neighbour.h.

import * as nd from "../../ffi/uapi/linux_neighbour.ts";
import { RTM_NEWNEIGH } from "../../ffi/uapi/linux_rtnetlink.ts";
import { AF_BRIDGE } from "../../ffi/uapi/sys_socket.ts";
import { EOPNOTSUPP } from "../../ffi/errno.ts";
import { parseAddress } from "../net/ip_address.ts";
import type { Change } from "./changes/change.ts";
import type { Neighbour } from "./neighbour.ts";
import { showAddress, toggleWord } from "./spec/attribute.ts";
import { be16, i32, u16, u32 } from "./spec/codec.ts";
import { u32 as number } from "./spec/named_number.ts";
import { device, fieldsOf, linkLayer, ObjectTable } from "./spec/object.ts";
import {
  ethernetAddress,
  ipAddress,
  oneOf,
  wholeNumber,
} from "./spec/value.ts";
import { USER_HZ } from "./user_hz.ts";

/**
 * An entry of a forwarding table, with the keywords of iproute2.
 * Source: bridge(8).
 */
export interface FdbSpec {
  /** The link-layer address of frames. */
  readonly to: string;
  /** The port of a bridge, or the VXLAN. */
  readonly dev: string | number;
  /** Of a VXLAN, the address of the remote VTEP. */
  readonly dst?: string;
  /** The VLAN of frames. */
  readonly vlan?: number;
  /** Of a VXLAN, the UDP port of the remote VTEP. */
  readonly port?: number;
  /** Of a VXLAN, the network identifier to send with. */
  readonly vni?: number;
  /** Of a VXLAN that is external, the network identifier of frames. */
  readonly src_vni?: number;
  /** Of a VXLAN, the output link. */
  readonly via?: string | number;
  /** Of a VXLAN, a nexthop object in place of `dst`. */
  readonly nhid?: number;
  /** Whether it is in the table of the device itself; the default. */
  readonly self?: boolean;
  /** Whether it is in the table of the bridge that the device is a port of. */
  readonly master?: boolean;
  /**
   * "permanent" for an address of this host, "static" for one that does not
   * expire, "dynamic" for one that does; default: "permanent".
   */
  readonly state?: "permanent" | "static" | "dynamic";
  /** Of a VXLAN, whether the remote is a router. */
  readonly router?: boolean;
  /** Reset the age of the entry. */
  readonly use?: boolean;
  /** Learned by a program. */
  readonly extern_learn?: boolean;
  /** Whether the address may not move to another port. */
  readonly sticky?: boolean;
}

/** State bits of requests, as bridge(8) sends them. */
const STATES = {
  permanent: nd.NUD_NOARP | nd.NUD_PERMANENT,
  static: nd.NUD_NOARP | nd.NUD_REACHABLE,
  dynamic: nd.NUD_REACHABLE,
} as const;

const field = fieldsOf<Neighbour>();
const flag = (bit: number) => field.bit("flags", bit, { ...toggleWord });
const vni = wholeNumber(0, 0xff_ffff);

/** The flags in iproute2's order. */
const FLAGS = [
  [nd.NTF_SELF, "self"],
  [nd.NTF_ROUTER, "router"],
  [nd.NTF_EXT_LEARNED, "extern_learn"],
  [nd.NTF_OFFLOADED, "offload"],
  [nd.NTF_MASTER, "master"],
  [nd.NTF_STICKY, "sticky"],
] as const;

/** The attributes of forwarding entries, in iproute2's order. */
export const FDB: ObjectTable<Neighbour, FdbSpec> = new ObjectTable<
  Neighbour,
  FdbSpec
>({
  name: "forwarding entry",
  message: RTM_NEWNEIGH,
  struct: nd.ndmsg,
  constants: { of: nd, prefix: "NDA_" },
  required: ["to", "dev"],
  title: ({ to, dev }) => `${to} of ${dev}`,
  familyOf: () => AF_BRIDGE,
  prepare: (spec) => ({
    ...spec,
    self: spec.self ?? !spec.master,
    state: spec.state ?? "permanent",
  }),
  advice: ({ errno }) =>
    errno === EOPNOTSUPP
      ? "`master` needs a port of a bridge, `self` a device with a table of its " +
        "own, such as a VXLAN"
      : undefined,
}, {
  to: field.attribute("linkAddress", nd.NDA_LLADDR, linkLayer, {
    ...ethernetAddress,
    compare: false,
    key: "mac",
  }),
  dev: field.header("ifindex", "ndm_ifindex", {
    ...device,
    compare: false,
    key: "ifname",
    json: (ifindex, _, { names, oneDevice }) =>
      ifindex === 0 || oneDevice ? undefined : names.name(ifindex),
  }),
  dst: field.attribute("destination", nd.NDA_DST, {
    read: ({ bytes, at, length }) =>
      showAddress(bytes.subarray(at, at + length)),
    write: (body, attribute, value) =>
      void body.bytes(attribute, parseAddress(value, "dst").address),
    show: showAddress,
  }, { ...ipAddress, key: "dst" }),
  vlan: field.attribute("vlan", nd.NDA_VLAN, u16, {
    ...wholeNumber(1, 4094),
    key: "vlan",
    json: (vlan) => vlan || undefined,
  }),
  port: field.attribute("port", nd.NDA_PORT, be16, {
    ...wholeNumber(1, 0xffff),
    key: "port",
  }),
  vni: field.attribute("vni", nd.NDA_VNI, u32, { ...vni, key: "vni" }),
  src_vni: field.attribute("sourceVni", nd.NDA_SRC_VNI, u32, {
    ...vni,
    key: "src_vni",
  }),
  via: field.attribute("viaIfindex", nd.NDA_IFINDEX, i32, {
    ...device,
    print(json, { viaIfindex, linkNetnsid }, { names }) {
      if (viaIfindex === undefined) return;
      if (linkNetnsid === undefined) json.viaIf = names.name(viaIfindex);
      else json.viaIfIndex = viaIfindex;
    },
  }),
  nhid: field.attribute("nexthopId", nd.NDA_NH_ID, u32, {
    ...number,
    key: "nhid",
  }),
  linkNetnsid: field.attribute("linkNetnsid", nd.NDA_LINK_NETNSID, i32, {
    key: "linkNetNsId",
  }),
  cache: field("cache", {
    print(json, { cache }, { statistics }) {
      if (!statistics || cache === undefined) return;
      json.used = Math.trunc(cache.used / USER_HZ);
      json.updated = Math.trunc(cache.updated / USER_HZ);
    },
  }),
  flags: field.header("flags", "ndm_flags", {
    key: "flags",
    json: (flags, { extendedFlags = 0 }) => [
      ...FLAGS.filter(([bit]) => flags & bit).map(([, name]) => name),
      ...extendedFlags & nd.newer.NTF_EXT_LOCKED ? ["locked"] : [],
    ],
  }),
  extendedFlags: field.attribute("extendedFlags", nd.NDA_FLAGS_EXT, u32),
  self: flag(nd.NTF_SELF),
  master: flag(nd.NTF_MASTER),
  router: flag(nd.NTF_ROUTER),
  use: { ...flag(nd.NTF_USE), compare: false },
  extern_learn: flag(nd.NTF_EXT_LEARNED),
  sticky: flag(nd.NTF_STICKY),
  bridge: field.attribute("master", nd.NDA_MASTER, i32, {
    key: "master",
    json: (ifindex, _, { names }) => names.name(ifindex),
  }),
  state: field.header("state", "ndm_state", {
    ...oneOf(Object.keys(STATES) as (keyof typeof STATES)[]),
    toRaw: (name) => STATES[name],
    // The kernel has one bit of it.
    same: (is, wanted) => stateName(is) === stateName(wanted),
    text: (state) => stateName(state) || "dynamic",
    key: "state",
    json: stateName,
  }),
});

/** The name of a state as bridge(8) prints it; none for one that expires. */
function stateName(state: number): string {
  return state & nd.NUD_PERMANENT
    ? "permanent"
    : state & nd.NUD_NOARP
    ? "static"
    : state & nd.NUD_STALE
    ? "stale"
    : state & nd.NUD_REACHABLE
    ? ""
    : `0x${state.toString(16)}`;
}

/**
 * Adds an entry to the forwarding table of a bridge or a VXLAN; fails if it
 * exists.
 *
 * Source: bridge(8).
 *
 * @param spec The entry.
 * @throws {ArgumentError} For an invalid value.
 *
 * @example
 * ```ts
 * import { addFdb } from "@netplumb/netplumb";
 *
 * addFdb({ to: "02:00:5e:10:00:02", dev: "veth0", master: true, state: "static" });
 * addFdb({ to: "02:00:5e:10:00:03", dev: "vxlan0", dst: "192.0.2.3", vni: 7 });
 * ```
 */
export function addFdb(spec: FdbSpec): Change {
  return FDB.change("add", spec);
}

/**
 * Adds another remote for the same link-layer address to a VXLAN: frames are
 * sent to all of them.
 *
 * Source: bridge(8).
 *
 * @param spec The entry; the address of a flood list is 00:00:00:00:00:00.
 * @throws {ArgumentError} For an invalid value.
 *
 * @example
 * ```ts
 * import { appendFdb } from "@netplumb/netplumb";
 *
 * appendFdb({ to: "00:00:00:00:00:00", dev: "vxlan0", dst: "192.0.2.4" });
 * ```
 */
export function appendFdb(spec: FdbSpec): Change {
  return FDB.change("append", spec);
}

/**
 * Adds an entry to a forwarding table, or changes an existing one.
 *
 * Source: bridge(8).
 *
 * @param spec The entry.
 * @throws {ArgumentError} For an invalid value.
 *
 * @example
 * ```ts
 * import { replaceFdb } from "@netplumb/netplumb";
 *
 * replaceFdb({ to: "02:00:5e:10:00:03", dev: "vxlan0", dst: "192.0.2.5" });
 * ```
 */
export function replaceFdb(spec: FdbSpec): Change {
  return FDB.change("replace", spec);
}

/**
 * Deletes an entry of a forwarding table.
 *
 * Source: bridge(8).
 *
 * @param spec The entry.
 * @throws {ArgumentError} For an invalid value.
 *
 * @example
 * ```ts
 * import { deleteFdb } from "@netplumb/netplumb";
 *
 * deleteFdb({ to: "02:00:5e:10:00:02", dev: "veth0", master: true });
 * ```
 */
export function deleteFdb(spec: FdbSpec): Change {
  return FDB.change("delete", spec);
}
