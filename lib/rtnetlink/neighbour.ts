// Neighbours: RTM_NEWNEIGH, RTM_DELNEIGH and RTM_GETNEIGH (a miss). The same
// messages carry the forwarding table of bridges. Source: rtnetlink(7),
// ip-neighbour(8).

import * as nd from "../../ffi/uapi/linux_neighbour.ts";
import { NLA_HDRLEN, NLA_TYPE_MASK } from "../../ffi/uapi/linux_netlink.ts";
import { RTM_NEWNEIGH } from "../../ffi/uapi/linux_rtnetlink.ts";
import { AF_INET, AF_INET6 } from "../../ffi/uapi/sys_socket.ts";
import { ArgumentError } from "../errors.ts";
import { cachedEthernet } from "../net/address_text_cache.ts";
import { parseAddress } from "../net/ip_address.ts";
import { formatLinkAddress, tryParseLinkAddress } from "../net/link_address.ts";
import type { UnknownAttribute } from "../netlink/attribute.ts";
import type { MessageReader } from "../netlink/message.ts";
import type { Change } from "./changes/change.ts";
import {
  type AddressFamily,
  addressText,
  cachedAddressText,
  familyName,
} from "./family.ts";
import { linkLayerAddress } from "./link/link_layer.ts";
import { toggleWord } from "./spec/attribute.ts";
import { be16, i32, u16, u32, u8 } from "./spec/codec.ts";
import { protocol } from "./spec/named_number.ts";
import {
  device,
  type FieldCodec,
  fieldsOf,
  ip,
  linkLayer,
  ObjectTable,
} from "./spec/object.ts";
import { ipAddress, linkAddress, linkName, oneOf } from "./spec/value.ts";
import { NEIGHBOUR_STATES } from "./names/iproute2.ts";
import { USER_HZ } from "./user_hz.ts";

/** Ages of a neighbour, in USER_HZ. */
export interface NeighbourCache {
  /** Since its reachability was last confirmed. */
  readonly confirmed: number;
  /** Since it was last used. */
  readonly used: number;
  /** Since it last changed. */
  readonly updated: number;
  /** The reference count. */
  readonly references: number;
}

/**
 * A neighbour. Numbers are those of linux/neighbour.h; `ipNeighbour()` returns
 * their names. Source: rtnetlink(7), ip-neighbour(8).
 */
export interface Neighbour {
  /** "inet", "inet6", or "bridge" for a forwarding table entry. */
  readonly family: AddressFamily;
  /** The ifindex of its interface, 0 for a proxy entry of all interfaces. */
  ifindex: number;
  /** NUD_* bits. */
  state: number;
  /** NTF_* bits. */
  flags: number;
  /** RTN_*, the type of its address. */
  type: number;
  /** Its network address. */
  destination: string | undefined;
  /** Its link-layer address, bytes separated by colons. */
  linkAddress: string | undefined;
  /** Its ages. */
  cache: NeighbourCache | undefined;
  /** The number of unanswered probes. */
  probes: number | undefined;
  /** The origin, RTPROT_*. */
  protocol?: number;
  /** NTF_EXT_* bits. */
  extendedFlags?: number;
  /** Its VLAN. */
  vlan?: number;
  /** Its UDP port, in a VXLAN. */
  port?: number | undefined;
  /** Its VXLAN network identifier. */
  vni?: number | undefined;
  /** The VXLAN network identifier of the source. */
  sourceVni?: number;
  /** Another outgoing interface, in a VXLAN. */
  viaIfindex?: number;
  /** The bridge of the forwarding table. */
  master?: number | undefined;
  /** The namespace of `viaIfindex`, if it is another one. */
  linkNetnsid?: number;
  /** Its nexthop object. */
  nexthopId?: number;
  /** Unknown attributes. */
  unknown?: UnknownAttribute[];
}

/**
 * Options of a neighbour, with the keys of iproute2. Source: ip-neighbour(8).
 */
export interface NeighbourSpec {
  /** Its network address. */
  readonly to: string;
  /** The interface; a proxy entry without one applies to all. */
  readonly dev?: string | number;
  /** Its link-layer address. */
  readonly lladdr?: string;
  /** Its state; default: "permanent". */
  readonly nud?:
    | "none"
    | "incomplete"
    | "reachable"
    | "stale"
    | "delay"
    | "probe"
    | "failed"
    | "noarp"
    | "permanent";
  /** Answer requests for the address (proxy). */
  readonly proxy?: boolean;
  /** Mark it as a router. */
  readonly router?: boolean;
  /** Start resolution now. */
  readonly use?: boolean;
  /** Let the kernel keep it resolved. */
  readonly managed?: boolean;
  /** Learned by a program; the kernel does not remove it. */
  readonly extern_learn?: boolean;
  /** The origin, for example "static". */
  readonly protocol?: number | string;
}

/** The state of a neighbour. Source: linux/neighbour.h. */
export type NeighbourState = NonNullable<NeighbourSpec["nud"]>;

const STATES: { readonly [S in NeighbourState]: number } = NEIGHBOUR_STATES;

const STATE_NAMES = Object.entries(STATES) as [NeighbourState, number][];
/** States that the kernel does not change. */
const LASTING = nd.NUD_PERMANENT | nd.NUD_NOARP;
const field = fieldsOf<Neighbour>();

/** A flag of the header; iproute2 prints it without a value. */
const flag = (bit: number, key: string) =>
  field.bit("flags", bit, { key, json: () => null });

/** The forwarding table of a VXLAN has addresses of both families. */
const destination: FieldCodec<string> = {
  ...ip,
  read: ({ bytes, at, length }, family) =>
    addressText(
      family !== "bridge" ? family : length === 16 ? "inet6" : "inet",
      bytes,
      at,
      length,
    ),
};

/** The attributes of neighbours, in iproute2's order. */
export const NEIGHBOUR: ObjectTable<Neighbour, NeighbourSpec> = new ObjectTable<
  Neighbour,
  NeighbourSpec
>(
  {
    name: "neighbour",
    message: RTM_NEWNEIGH,
    struct: nd.ndmsg,
    constants: { of: nd, prefix: "NDA_" },
    required: ["to"],
    title: ({ to, dev }) => dev === undefined ? to : `${to} of ${dev}`,
    familyOf: ({ to }) =>
      parseAddress(to, "to").address.length === 4 ? AF_INET : AF_INET6,
    prepare(spec) {
      const { dev, proxy, managed } = spec;
      if (dev === undefined && !proxy) {
        throw new ArgumentError("neighbour dev", dev, linkName.expected);
      }
      return { ...spec, nud: spec.nud ?? (managed ? "none" : "permanent") };
    },
  },
  {
    to: field.attribute("destination", nd.NDA_DST, destination, {
      ...ipAddress,
      common: true,
      compare: false,
      key: "dst",
    }),
    dev: field.header("ifindex", "ndm_ifindex", {
      ...device,
      compare: false,
      key: "dev",
      json: (ifindex, _, { names, oneDevice }) =>
        ifindex === 0 || oneDevice ? undefined : names.name(ifindex),
    }),
    lladdr: field.attribute("linkAddress", nd.NDA_LLADDR, linkLayer, {
      ...linkAddress,
      common: true,
      key: "lladdr",
      json(address, { ifindex }, { names }) {
        const bytes = tryParseLinkAddress(address);
        return bytes === undefined ? address : linkLayerAddress(
          names.type(ifindex),
          bytes,
          0,
          bytes.length,
        );
      },
    }),
    flags: field.header("flags", "ndm_flags"),
    router: { ...toggleWord, ...flag(nd.NTF_ROUTER, "router") },
    proxy: {
      ...toggleWord,
      ...flag(nd.NTF_PROXY, "proxy"),
      compare: false,
    },
    extendedFlags: field.attribute("extendedFlags", nd.NDA_FLAGS_EXT, u32),
    managed: field.bit("extendedFlags", nd.NTF_EXT_MANAGED, {
      ...toggleWord,
      key: "managed",
      json: () => null,
    }),
    extern_learn: {
      ...toggleWord,
      ...flag(nd.NTF_EXT_LEARNED, "extern_learn"),
    },
    offload: flag(nd.NTF_OFFLOADED, "offload"),
    // Triggers resolution once: the kernel does not store it.
    use: field.bit("flags", nd.NTF_USE, {
      ...toggleWord,
      compare: false,
    }),
    cache: field("cache", {
      common: true,
      number: nd.NDA_CACHEINFO,
      decode(neighbour, { words, at, length }) {
        if (length >= CACHEINFO_SIZE) neighbour.cache = cacheAt(words, at >> 2);
      },
      print(json, { cache }, { statistics }) {
        if (!statistics || cache === undefined) return;
        if (cache.references !== 0) json.refcnt = cache.references;
        json.used = Math.trunc(cache.used / USER_HZ);
        json.confirmed = Math.trunc(cache.confirmed / USER_HZ);
        json.updated = Math.trunc(cache.updated / USER_HZ);
      },
    }),
    probes: field.attribute("probes", nd.NDA_PROBES, u32, {
      key: "probes",
      json: (probes, _, { statistics }) => statistics ? probes : undefined,
    }),
    nud: field.header("state", "ndm_state", {
      ...oneOf(STATE_NAMES.map(([name]) => name)),
      toRaw: (name) => STATES[name],
      compare: true,
      // The kernel changes the other states.
      same: (is, wanted) => (wanted & LASTING) === 0 || is === wanted,
      text: (state) =>
        state === nd.NUD_NONE ? "none" : namesOf(state).join(","),
      key: "state",
      json: (state) =>
        state === nd.NUD_NONE
          ? undefined
          : namesOf(state).map((name) => name.toUpperCase()),
    }),
    protocol: field.attribute("protocol", nd.NDA_PROTOCOL, u8, {
      ...protocol,
      kernelDefault: 0,
      key: "protocol",
      json: (number) => number === 0 ? undefined : protocol.text(number),
    }),
    type: field.header("type", "ndm_type"),
    vlan: field.attribute("vlan", nd.NDA_VLAN, u16),
    port: field.attribute("port", nd.NDA_PORT, be16),
    vni: field.attribute("vni", nd.NDA_VNI, u32),
    sourceVni: field.attribute("sourceVni", nd.NDA_SRC_VNI, u32),
    viaIfindex: field.attribute("viaIfindex", nd.NDA_IFINDEX, i32),
    master: field.attribute("master", nd.NDA_MASTER, i32),
    linkNetnsid: field.attribute("linkNetnsid", nd.NDA_LINK_NETNSID, i32),
    nexthopId: field.attribute("nexthopId", nd.NDA_NH_ID, u32),
  },
);

/** The names of the states that are set. */
function namesOf(state: number): string[] {
  return STATE_NAMES.filter(([, bit]) => (state & bit) !== 0)
    .map(([name]) => name);
}

// Local constants: V8 inlines them; an imported binding costs a load and a
// check.
const HEADER = NLA_HDRLEN;
const TYPE_MASK = NLA_TYPE_MASK;
const DST = nd.NDA_DST;
const LLADDR = nd.NDA_LLADDR;
const CACHEINFO = nd.NDA_CACHEINFO;
const PROBES = nd.NDA_PROBES;
const CACHEINFO_SIZE = nd.nda_cacheinfo.size;
const SIZE = nd.ndmsg.size;

/**
 * Decodes a message about a neighbour; undefined if it is truncated.
 *
 * Source: rtnetlink(7).
 *
 * @param message The message, at the position of the reader.
 */
export function decodeNeighbour(
  message: MessageReader,
): Neighbour | undefined {
  if (!message.holds(SIZE)) return undefined;
  const { bytes, words, payload, end } = message;
  const word = payload >> 2;
  const family = familyName(words[word]! & 0xff);
  const tail = words[word + 2]!;
  let destination: string | undefined;
  let linkAddress: string | undefined;
  let cache: NeighbourCache | undefined;
  let probes: number | undefined;
  let uncommon = false;
  // AttributeReader.next() inlined: takes a third of the time.
  let at = payload + SIZE;
  while (end - at >= HEADER) {
    const header = words[at >> 2]!;
    const length = (header & 0xffff) - HEADER;
    const value = at + HEADER;
    if (length < 0 || length > end - value) break;
    switch (header >>> 16 & TYPE_MASK) {
      case DST:
        destination = cachedAddressText(
          // The forwarding table of a VXLAN has addresses of both families.
          family !== "bridge" ? family : length === 16 ? "inet6" : "inet",
          words,
          bytes,
          value,
          length,
        );
        break;
      case LLADDR:
        linkAddress = length === 6
          ? cachedEthernet(words, bytes, value)
          : formatLinkAddress(bytes, value, length);
        break;
      case CACHEINFO:
        if (length >= CACHEINFO_SIZE) cache = cacheAt(words, value >> 2);
        break;
      case PROBES:
        if (length >= 4) probes = words[value >> 2]! >>> 0;
        else uncommon = true;
        break;
      default:
        uncommon = true;
    }
    at = value + (length + 3 & ~3);
  }
  if (at < end && !uncommon) message.counters.malformed++;
  const neighbour: Neighbour = {
    family,
    ifindex: words[word + 1]!,
    state: tail & 0xffff,
    flags: tail >> 16 & 0xff,
    type: tail >>> 24,
    destination,
    linkAddress,
    cache,
    probes,
  };
  if (uncommon) {
    const attributes = message.attributes(SIZE);
    NEIGHBOUR.decodeAttributes(neighbour, attributes, family, true);
  }
  return neighbour;
}

// Neighbours that are added together have the same times.
const caches: NeighbourCache[] = new Array(64)
  .fill({ confirmed: 0, used: 0, updated: 0, references: 0 });

function cacheAt(words: Int32Array, word: number): NeighbourCache {
  const confirmed = words[word]! >>> 0;
  const used = words[word + 1]! >>> 0;
  const updated = words[word + 2]! >>> 0;
  const references = words[word + 3]! >>> 0;
  const slot = (confirmed ^ updated) & 63;
  const known = caches[slot]!;
  return known.confirmed === confirmed && known.used === used &&
      known.updated === updated && known.references === references
    ? known
    : caches[slot] = { confirmed, used, updated, references };
}

/**
 * Whether `ip neighbour` shows it. The default excludes neighbours that need no
 * resolution, such as multicast, and those without a state.
 *
 * @param states The NUD_* bits to show; 0 for neighbours without a state.
 */
export function isShownNeighbour(
  { state, flags }: Neighbour,
  states: number = 0xff & ~nd.NUD_NOARP,
): boolean {
  return (state & states) !== 0 || (state === 0 && states === 0) ||
    (flags & (nd.NTF_PROXY | nd.NTF_EXT_LEARNED)) !== 0;
}

/**
 * Builds a change that adds a neighbour; fails with EEXIST if it exists.
 *
 * Source: ip-neighbour(8), rtnetlink(7).
 *
 * @param spec The options of the neighbour.
 * @throws {ArgumentError} For an invalid value.
 *
 * @example
 * ```ts
 * import { addNeighbour } from "@netplumb/netplumb";
 *
 * addNeighbour({ to: "192.0.2.2", dev: "eth0", lladdr: "02:00:5e:10:00:02" });
 * addNeighbour({ to: "192.0.2.3", dev: "eth0", proxy: true });
 * ```
 */
export function addNeighbour(spec: NeighbourSpec): Change {
  return NEIGHBOUR.change("add", spec);
}

/**
 * Builds a change that adds a neighbour or changes an existing one.
 *
 * Source: ip-neighbour(8), rtnetlink(7).
 *
 * @param spec The options of the neighbour.
 * @throws {ArgumentError} For an invalid value.
 *
 * @example
 * ```ts
 * import { replaceNeighbour } from "@netplumb/netplumb";
 *
 * replaceNeighbour({
 *   to: "192.0.2.2",
 *   dev: "eth0",
 *   lladdr: "02:00:5e:10:00:07",
 *   nud: "reachable",
 * });
 * ```
 */
export function replaceNeighbour(spec: NeighbourSpec): Change {
  return NEIGHBOUR.change("replace", spec);
}

/**
 * Builds a change that deletes a neighbour.
 *
 * Source: ip-neighbour(8), rtnetlink(7).
 *
 * @param spec Its address, its interface, and whether it is a proxy entry.
 * @throws {ArgumentError} For an invalid value.
 *
 * @example
 * ```ts
 * import { deleteNeighbour } from "@netplumb/netplumb";
 *
 * deleteNeighbour({ to: "192.0.2.2", dev: "eth0" });
 * ```
 */
export function deleteNeighbour(spec: NeighbourSpec): Change {
  return NEIGHBOUR.change("delete", spec);
}
