// Multicast databases of bridges and VXLANs: RTM_NEWMDB and RTM_DELMDB. Source:
// bridge(8), linux/if_bridge.h.

import * as br from "../../ffi/uapi/linux_if_bridge.ts";
import {
  RTM_DELMDB,
  RTM_GETMDB,
  RTM_NEWMDB,
} from "../../ffi/uapi/linux_rtnetlink.ts";
import { ETH_P_IP, ETH_P_IPV6 } from "../../ffi/uapi/linux_if_ether.ts";
import { AF_BRIDGE } from "../../ffi/uapi/sys_socket.ts";
import { EOPNOTSUPP } from "../../ffi/errno.ts";
import {
  formatAddress,
  formatIPv4,
  formatIPv6,
  parseAddress,
  tryParseIPv4,
  tryParseIPv6,
} from "../net/ip_address.ts";
import { formatLinkAddress, tryParseLinkAddress } from "../net/link_address.ts";
import type { AttributeReader } from "../netlink/attribute.ts";
import { AttributeWriter } from "../netlink/attribute_writer.ts";
import type { MessageReader } from "../netlink/message.ts";
import type { NetlinkRequest } from "../netlink/transaction.ts";
import { type Change, checked, FLAGS_OF, type Verb } from "./changes/change.ts";
import { type AddressFamily, addressText } from "./family.ts";
import { showAddress } from "./spec/attribute.ts";
import { i32, u16, u32, u8 } from "./spec/codec.ts";
import { protocol } from "./spec/named_number.ts";
import {
  device,
  type FieldCodec,
  type FieldDetails,
  fieldsOf,
  FieldTable,
  type ObjectAttribute,
} from "./spec/object.ts";
import type { NameLookup } from "./spec/name_lookup.ts";
import { readSpec } from "./spec/table.ts";
import {
  ipAddress,
  list,
  oneOf,
  type Reader,
  wholeNumber,
} from "./spec/value.ts";
import { USER_HZ } from "./user_hz.ts";

const { newer } = br;

/** A port that receives a multicast group. Source: linux/if_bridge.h. */
export interface MdbEntry {
  /** The bridge or the VXLAN. */
  ifindex: number;
  /** The port; the bridge or the VXLAN itself if it receives the group. */
  port: number;
  /** The family of the group: "inet", "inet6", or "link" of Ethernet. */
  family: AddressFamily;
  /** The group: an IP address or a link-layer address. */
  group: string;
  /** The VLAN; 0 for none. */
  vlan: number;
  /** Whether it does not expire. */
  permanent: boolean;
  /** MDB_FLAGS_*: 1 offloaded, 2 fast leave, 8 blocked. */
  flags: number;
  /** Time until it expires, in hundredths of a second; 0 for never. */
  timer?: number;
  /** Of a source-specific entry, the source. */
  source?: string;
  /** Whether the sources are those received (1) or not received (0). */
  filterMode?: number;
  /** The sources of the filter. */
  sources?: MdbSource[];
  /** RTPROT_*, the origin. */
  protocol?: number;
  /** Of a VXLAN, the address of the remote VTEP. */
  destination?: string;
  /** Of a VXLAN, the UDP port of the remote VTEP. */
  destinationPort?: number;
  /** Of a VXLAN, the network identifier to send with. */
  vni?: number;
  /** Of a VXLAN, the network identifier of the packets. */
  sourceVni?: number;
  /** Of a VXLAN, the output link. */
  viaIfindex?: number;
}

/** A source of a multicast group. */
export interface MdbSource {
  /** Its address. */
  readonly address: string;
  /** Time until it expires, in hundredths of a second; 0 for never. */
  readonly timer: number;
}

/** A port behind which there is a multicast router. */
export interface MulticastRouter {
  /** The bridge. */
  readonly bridge: number;
  /** The port. */
  readonly ifindex: number;
  /** Time until it expires, in hundredths of a second; 0 for never. */
  readonly timer: number;
  /** MDB_RTR_TYPE_*: 1 and 3 temporary, 2 permanent. */
  readonly type: number;
}

/**
 * An entry of a multicast database, with the keywords of iproute2.
 * Source: bridge(8).
 */
export interface MdbSpec {
  /** The bridge or the VXLAN. */
  readonly dev: string | number;
  /** The port; the bridge or the VXLAN itself for this host. */
  readonly port: string | number;
  /** The group: an IP address or an Ethernet address. */
  readonly grp: string;
  /** Only packets of this source. */
  readonly src?: string;
  /** The VLAN. */
  readonly vid?: number;
  /** Whether it expires as if a host had joined; default: "temp". */
  readonly state?: "permanent" | "temp";
  /** Whether the sources are those received or those not received. */
  readonly filter_mode?: "include" | "exclude";
  /** The sources of the filter. */
  readonly source_list?: readonly string[];
  /** The origin, a name of /etc/iproute2/rt_protos or a number. */
  readonly proto?: number | string;
  /** Of a VXLAN, the address of the remote VTEP. */
  readonly dst?: string;
  /** Of a VXLAN, the UDP port of the remote VTEP. */
  readonly dst_port?: number;
  /** Of a VXLAN, the network identifier to send with. */
  readonly vni?: number;
  /** Of a VXLAN, the network identifier of the packets. */
  readonly src_vni?: number;
  /** Of a VXLAN, the output link. */
  readonly via?: string | number;
}

const FILTER_MODES = ["exclude", "include"] as const;

/** The flags in iproute2's order. */
const FLAGS = [
  [br.MDB_FLAGS_OFFLOAD, "offload"],
  [br.MDB_FLAGS_FAST_LEAVE, "fast_leave"],
  [br.MDB_FLAGS_STAR_EXCL, "added_by_star_ex"],
  [br.MDB_FLAGS_BLOCKED, "blocked"],
  [newer.MDB_FLAGS_OFFLOAD_FAILED, "offload_failed"],
] as const;

/** The bytes of a group, and the protocol of its packets; 0 for Ethernet. */
function tryParseGroup(text: string) {
  const ipv4 = tryParseIPv4(text);
  if (ipv4 !== undefined) return { bytes: ipv4, protocol: ETH_P_IP };
  const ipv6 = tryParseIPv6(text);
  if (ipv6 !== undefined) return { bytes: ipv6, protocol: ETH_P_IPV6 };
  const bytes = tryParseLinkAddress(text);
  return bytes?.length === 6 ? { bytes, protocol: 0 } : undefined;
}

const group: Reader<string> = {
  expected: "an IP address like 239.1.1.1 or an Ethernet address",
  schema: { type: "string" },
  read: (given) =>
    typeof given === "string" && tryParseGroup(given) !== undefined
      ? given
      : undefined,
};

/** An address of either IP version. */
const address: FieldCodec<string> = {
  read: ({ bytes, at, length }, family) =>
    addressText(
      length === 4 ? "inet" : length === 16 ? "inet6" : family,
      bytes,
      at,
      length,
    ),
  write: (body, attribute, value) =>
    void body.bytes(attribute, parseAddress(value, "address").address),
  show: showAddress,
};

/** An address as the kernel's are printed. */
function canonical(text: string): string {
  return formatAddress(parseAddress(text).address);
}

const field = fieldsOf<MdbEntry>();

/**
 * An attribute that has one number in what the kernel sends, and another in
 * requests.
 */
function attribute<
  K extends keyof MdbEntry & string,
  T = NonNullable<MdbEntry[K]>,
>(
  name: K,
  [read, written]: readonly [read: number, written: number],
  codec: FieldCodec<NonNullable<MdbEntry[K]>>,
  details: FieldDetails<MdbEntry, NonNullable<MdbEntry[K]>, T>,
): ObjectAttribute<MdbEntry, T> {
  return field.attribute<K, T>(name, read, codec, {
    ...details,
    encode: (body, value, encoding) =>
      codec.write?.(
        body,
        written,
        details.toRaw?.(value, encoding) ??
          value as unknown as NonNullable<MdbEntry[K]>,
        encoding,
      ),
  });
}

const vni = wholeNumber(0, 0xff_ffff);

/** The attributes of multicast entries, in iproute2's order. */
export const MDB: FieldTable<MdbEntry, MdbSpec> = new FieldTable<
  MdbEntry,
  MdbSpec
>({
  dev: field("ifindex", {
    ...device,
    print(json, { ifindex }, { names }) {
      json.index = ifindex;
      json.dev = names.name(ifindex);
    },
  }),
  port: field("port", {
    ...device,
    key: "port",
    json: (port, _, { names }) => names.name(port),
  }),
  grp: field("group", { ...group, key: "grp" }),
  src: attribute(
    "source",
    [br.MDBA_MDB_EATTR_SOURCE, br.MDBE_ATTR_SOURCE],
    address,
    { ...ipAddress, toRaw: canonical, key: "src" },
  ),
  state: field("permanent", {
    ...oneOf(["permanent", "temp"]),
    toRaw: (state) => state === "permanent",
    text: (permanent) => permanent ? "permanent" : "temp",
    key: "state",
  }),
  filter_mode: attribute(
    "filterMode",
    [br.MDBA_MDB_EATTR_GROUP_MODE, newer.MDBE_ATTR_GROUP_MODE],
    u8,
    {
      ...oneOf(FILTER_MODES),
      toRaw: (mode) => FILTER_MODES.indexOf(mode),
      text: (mode) => FILTER_MODES[mode] ?? "exclude",
      key: "filter_mode",
      json: (mode, _, { details }) =>
        details ? FILTER_MODES[mode] ?? "exclude" : undefined,
    },
  ),
  source_list: attribute(
    "sources",
    [br.MDBA_MDB_EATTR_SRC_LIST, newer.MDBE_ATTR_SRC_LIST],
    {
      read: (value, family) => readSources(value.enter(), family),
      write: (body, attribute, sources) =>
        void body.nest(attribute, (inner) => {
          for (const { address } of sources) {
            inner.nest(newer.MDBE_SRC_LIST_ENTRY, (entry) =>
              void entry.bytes(
                newer.MDBE_SRCATTR_ADDRESS,
                parseAddress(address, "source_list").address,
              ));
          }
        }),
    },
    {
      ...list(ipAddress, 1024),
      toRaw: (given) =>
        given.map((one) => ({ address: canonical(one), timer: 0 })),
      same: (is, wanted) => sourcesText(is) === sourcesText(wanted),
      text: sourcesText,
      key: "source_list",
      json: (sources, _, { details }) =>
        details
          ? sources.map(({ address, timer }) => ({
            address,
            timer: seconds(timer),
          }))
          : undefined,
    },
  ),
  proto: attribute(
    "protocol",
    [br.MDBA_MDB_EATTR_RTPROT, newer.MDBE_ATTR_RTPROT],
    u8,
    {
      ...protocol,
      key: "protocol",
      json: (number, _, { details }) =>
        details ? protocol.text(number) : undefined,
    },
  ),
  flags: field("flags", {
    key: "flags",
    json: (flags) =>
      FLAGS.filter(([bit]) => flags & bit).map(([, name]) => name),
  }),
  vid: field("vlan", {
    ...wholeNumber(1, 4094),
    key: "vid",
    json: (vlan) => vlan || undefined,
  }),
  dst: attribute(
    "destination",
    [newer.MDBA_MDB_EATTR_DST, newer.MDBE_ATTR_DST],
    address,
    { ...ipAddress, toRaw: canonical, key: "dst" },
  ),
  dst_port: attribute(
    "destinationPort",
    [newer.MDBA_MDB_EATTR_DST_PORT, newer.MDBE_ATTR_DST_PORT],
    u16,
    { ...wholeNumber(1, 0xffff), key: "dst_port" },
  ),
  vni: attribute(
    "vni",
    [newer.MDBA_MDB_EATTR_VNI, newer.MDBE_ATTR_VNI],
    u32,
    { ...vni, key: "vni" },
  ),
  src_vni: attribute(
    "sourceVni",
    [newer.MDBA_MDB_EATTR_SRC_VNI, newer.MDBE_ATTR_SRC_VNI],
    u32,
    { ...vni, key: "src_vni" },
  ),
  via: attribute(
    "viaIfindex",
    [newer.MDBA_MDB_EATTR_IFINDEX, newer.MDBE_ATTR_IFINDEX],
    i32,
    { ...device, key: "via", json: (via, _, { names }) => names.name(via) },
  ),
  timer: field.attribute("timer", br.MDBA_MDB_EATTR_TIMER, u32, {
    key: "timer",
    json: (timer, _, { statistics }) =>
      statistics ? seconds(timer).padStart(7) : undefined,
  }),
}, true);

/** The addresses of sources, which have no order. */
function sourcesText(sources: readonly MdbSource[]): string {
  return sources.map(({ address }) => address).sort().join(",");
}

/** Hundredths of a second as `bridge` prints them: "259.84". */
export function seconds(timer: number): string {
  const hundredths = String(timer % USER_HZ).padStart(2, "0");
  return `${Math.trunc(timer / USER_HZ)}.${hundredths}`;
}

function readSources(
  entries: AttributeReader,
  family: AddressFamily,
): MdbSource[] {
  const sources: MdbSource[] = [];
  while (entries.next()) {
    if (entries.type !== br.MDBA_MDB_SRCLIST_ENTRY) continue;
    let [text, timer] = ["", 0];
    const attributes = entries.enter();
    while (attributes.next()) {
      if (attributes.type === br.MDBA_MDB_SRCATTR_ADDRESS) {
        text = address.read!(attributes, family) ?? "";
      } else if (attributes.type === br.MDBA_MDB_SRCATTR_TIMER) {
        timer = attributes.u32();
      }
    }
    sources.push({ address: text, timer });
  }
  return sources;
}

/** The request for all multicast databases. */
export function mdbRequest(): NetlinkRequest {
  return {
    type: RTM_GETMDB,
    body: br.br_port_msg.build({ family: AF_BRIDGE }),
    tried: "show multicast databases",
  };
}

/** Decodes the entries of a message. */
export function decodeMdb(message: MessageReader): MdbEntry[] {
  const found: MdbEntry[] = [];
  forEachPart(message, br.MDBA_MDB, (ifindex, entries) => {
    if (entries.type !== br.MDBA_MDB_ENTRY) return;
    const parts = entries.enter();
    while (parts.next()) {
      if (parts.type !== br.MDBA_MDB_ENTRY_INFO) continue;
      const entry = decodeEntry(ifindex, parts);
      if (entry !== undefined) found.push(entry);
      else message.counters.malformed++;
    }
  });
  return found;
}

function decodeEntry(
  ifindex: number,
  value: AttributeReader,
): MdbEntry | undefined {
  const { view, at, length } = value;
  const size = br.br_mdb_entry.size;
  if (length < size) return undefined;
  const { ifindex: port, state, flags, vid, addr } = br.br_mdb_entry.get(
    view,
    at,
  );
  const entry: MdbEntry = {
    ifindex,
    port,
    ...groupOf(addr),
    vlan: vid,
    permanent: (state & br.MDB_PERMANENT) !== 0,
    flags,
  };
  MDB.decodeAttributes(entry, value.enter(size), entry.family);
  return entry;
}

/** Decodes the multicast routers of a message. */
export function decodeMulticastRouters(
  message: MessageReader,
): MulticastRouter[] {
  const found: MulticastRouter[] = [];
  forEachPart(message, br.MDBA_ROUTER, (bridge, ports) => {
    if (ports.type !== br.MDBA_ROUTER_PORT || ports.length < 4) return;
    const ifindex = ports.u32();
    let [timer, type] = [0, 0];
    const attributes = ports.enter(4);
    while (attributes.next()) {
      if (attributes.type === br.MDBA_ROUTER_PATTR_TIMER) {
        timer = attributes.u32();
      } else if (attributes.type === br.MDBA_ROUTER_PATTR_TYPE) {
        type = attributes.u8();
      }
    }
    found.push({ bridge, ifindex, timer, type });
  });
  return found;
}

/** Visits what is nested in one attribute of a message. */
function forEachPart(
  message: MessageReader,
  attribute: number,
  visit: (ifindex: number, part: AttributeReader) => void,
): void {
  if (!message.holds(br.br_port_msg.size)) return;
  const { ifindex } = br.br_port_msg.get(message.view, message.payload);
  const attributes = message.attributes(br.br_port_msg.size);
  while (attributes.next()) {
    if (attributes.type !== attribute) continue;
    const parts = attributes.enter();
    while (parts.next()) visit(ifindex, parts);
  }
}

/** The offset of the protocol in the address of a struct br_mdb_entry. */
const PROTOCOL = 16;

function groupBytes(text: string): Uint8Array<ArrayBuffer> {
  const { bytes, protocol } = tryParseGroup(text)!;
  const field = new Uint8Array(br.br_mdb_entry.fields.addr.size);
  field.set(bytes);
  field.set([protocol >> 8, protocol & 0xff], PROTOCOL);
  return field;
}

/** The group in the address of a struct br_mdb_entry. */
function groupOf(addr: Uint8Array): Pick<MdbEntry, "family" | "group"> {
  const ethertype = addr[PROTOCOL]! << 8 | addr[PROTOCOL + 1]!;
  return ethertype === ETH_P_IP
    ? { family: "inet", group: formatIPv4(addr) }
    : ethertype === ETH_P_IPV6
    ? { family: "inet6", group: formatIPv6(addr) }
    : { family: "link", group: formatLinkAddress(addr, 0, 6) };
}

/** The entry that a change adds, as the kernel would report it. */
export function mdbEntry(spec: MdbSpec, names: NameLookup): MdbEntry {
  const { dev, port, grp, vid = 0, state } = spec;
  const entry: MdbEntry = {
    ifindex: names.index(dev),
    port: names.index(port),
    ...groupOf(groupBytes(grp)),
    vlan: vid,
    permanent: state === "permanent",
    flags: 0,
  };
  const encoding = { names, family: AF_BRIDGE, object: "multicast entry" };
  for (const [word, value] of Object.entries(spec)) {
    const { number, field, toRaw } = MDB.entries[word]!;
    if (value === undefined || number === undefined) continue;
    const raw = toRaw?.(value, { ...encoding, word }) ?? value;
    Object.assign(entry, { [field!]: raw });
  }
  return entry;
}

function change(verb: Verb, given: MdbSpec): Change {
  const spec = readSpec("multicast entry", MDB.options, given, [
    "dev",
    "port",
    "grp",
  ]);
  const { dev, port, grp, vid = 0, state, ...attributes } = spec;
  const what = `${verb} multicast entry ${grp} of ${dev}`;
  return checked({
    what,
    requests(names) {
      const body = new AttributeWriter()
        .raw(br.br_port_msg.build({
          family: AF_BRIDGE,
          ifindex: names.index(dev),
        }))
        .bytes(
          br.MDBA_SET_ENTRY,
          br.br_mdb_entry.build({
            ifindex: names.index(port),
            state: state === "permanent" ? br.MDB_PERMANENT : br.MDB_TEMPORARY,
            vid,
            addr: groupBytes(grp),
          }),
        );
      if (Object.values(attributes).some((value) => value !== undefined)) {
        body.nest(
          br.MDBA_SET_ENTRY_ATTRS,
          (inner) =>
            void MDB.encodeAttributes(inner, { ...attributes }, {
              names,
              family: AF_BRIDGE,
              object: "multicast entry",
            }),
        );
      }
      return [{
        type: verb === "delete" ? RTM_DELMDB : RTM_NEWMDB,
        flags: FLAGS_OF[verb],
        body: body.finish(),
        tried: what,
      }];
    },
    advice: ({ errno }) =>
      errno === EOPNOTSUPP
        ? `${dev} has to be a bridge, or from Linux 6.4 on a VXLAN`
        : undefined,
  });
}

/**
 * Adds an entry to the multicast database of a bridge or a VXLAN; fails if it
 * exists.
 *
 * Source: bridge(8).
 *
 * @param spec The entry.
 * @throws {ArgumentError} For an invalid value.
 *
 * @example
 * ```ts
 * import { addMdb } from "@netplumb/netplumb";
 *
 * addMdb({ dev: "br0", port: "veth0", grp: "239.1.1.1", state: "permanent" });
 * addMdb({ dev: "br0", port: "veth0", grp: "ff0e::1", src: "2001:db8::1" });
 * ```
 */
export function addMdb(spec: MdbSpec): Change {
  return change("add", spec);
}

/**
 * Adds an entry to a multicast database, or changes an existing one. Linux 6.3
 * or later.
 *
 * Source: bridge(8).
 *
 * @param spec The entry.
 * @throws {ArgumentError} For an invalid value.
 *
 * @example
 * ```ts
 * import { replaceMdb } from "@netplumb/netplumb";
 *
 * replaceMdb({
 *   dev: "br0",
 *   port: "veth0",
 *   grp: "239.1.1.1",
 *   state: "permanent",
 *   filter_mode: "include",
 *   source_list: ["192.0.2.1", "192.0.2.2"],
 * });
 * ```
 */
export function replaceMdb(spec: MdbSpec): Change {
  return change("replace", spec);
}

/**
 * Deletes an entry of a multicast database.
 *
 * Source: bridge(8).
 *
 * @param spec The entry.
 * @throws {ArgumentError} For an invalid value.
 *
 * @example
 * ```ts
 * import { deleteMdb } from "@netplumb/netplumb";
 *
 * deleteMdb({ dev: "br0", port: "veth0", grp: "239.1.1.1" });
 * ```
 */
export function deleteMdb(spec: MdbSpec): Change {
  return change("delete", spec);
}
