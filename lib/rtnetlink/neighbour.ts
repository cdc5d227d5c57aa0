// Neighbours: RTM_NEWNEIGH, RTM_DELNEIGH and RTM_GETNEIGH (a miss). Of bridges,
// the same messages are the forwarding table. Source: rtnetlink(7),
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
  familyName,
  rememberedAddressText,
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

/** Times of a neighbour, in USER_HZ since they happened. */
export interface NeighbourCache {
  /** Since it was last proven to be there. */
  readonly confirmed: number;
  /** Since it was last used. */
  readonly used: number;
  /** Since it last changed. */
  readonly updated: number;
  /** How many hold it. */
  readonly references: number;
}

/**
 * A neighbour. Numbers are those of linux/neighbour.h; `ipNeighbour()` gives
 * them their names. Source: rtnetlink(7), ip-neighbour(8).
 */
export interface Neighbour {
  /** "inet", "inet6", or "bridge" of a forwarding table. */
  readonly family: AddressFamily;
  /** The interface it is on, 0 for a proxy entry of all. */
  ifindex: number;
  /** NUD_* bits. */
  state: number;
  /** NTF_* bits. */
  flags: number;
  /** RTN_*, the type of its address. */
  type: number;
  /** Its address in the network. */
  destination: string | undefined;
  /** Its link-layer address, bytes with colons between. */
  linkAddress: string | undefined;
  /** When what happened to it. */
  cache: NeighbourCache | undefined;
  /** How often it was asked for since it was last seen. */
  probes: number | undefined;
  /** RTPROT_*, who made it. */
  protocol?: number;
  /** NTF_EXT_* bits. */
  extendedFlags?: number;
  /** The VLAN it is in. */
  vlan?: number;
  /** UDP port, of a VXLAN's. */
  port?: number;
  /** The VXLAN network it is in. */
  vni?: number;
  /** The VXLAN network it is seen from. */
  sourceVni?: number;
  /** Another interface it is reached by, of a VXLAN's. */
  viaIfindex?: number;
  /** The bridge whose forwarding table it is in. */
  master?: number;
  /** The namespace `viaIfindex` is in, where it is another one. */
  linkNetnsid?: number;
  /** The nexthop object it is reached by. */
  nexthopId?: number;
  /** Attributes nobody here knows. */
  unknown?: UnknownAttribute[];
}

/** A neighbour, by iproute2's words. Source: ip-neighbour(8). */
export interface NeighbourSpec {
  /** Its address in the network. */
  readonly to: string;
  /** The link it is on; of a proxy entry, none means all. */
  readonly dev?: string | number;
  /** Its link-layer address. */
  readonly lladdr?: string;
  /** Its state; "permanent" if not given. */
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
  /** Whether the machine answers for it. */
  readonly proxy?: boolean;
  /** Whether it is a router. */
  readonly router?: boolean;
  /** Whether it is looked for now. */
  readonly use?: boolean;
  /** Whether the kernel keeps looking for it. */
  readonly managed?: boolean;
  /** Whether a program learned of it, and the kernel does not forget it. */
  readonly extern_learn?: boolean;
  /** Who made it. */
  readonly protocol?: number | string;
}

/** The state of a neighbour. Source: linux/neighbour.h. */
export type NeighbourState = NonNullable<NeighbourSpec["nud"]>;

const STATES: { readonly [S in NeighbourState]: number } = NEIGHBOUR_STATES;

const STATE_NAMES = Object.entries(STATES) as [NeighbourState, number][];
/** States that do not change by themselves. */
const LASTING = nd.NUD_PERMANENT | nd.NUD_NOARP;
const field = fieldsOf<Neighbour>();

/** A flag of the header, which iproute2 prints without a value. */
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

/** All that is known of the attributes of neighbours, in iproute2's order. */
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
    // Does something once: the kernel does not keep it.
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
      // The other states change by themselves.
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

// The module's own: what is imported is looked up at each use.
const HEADER = NLA_HDRLEN;
const TYPE_MASK = NLA_TYPE_MASK;
const DST = nd.NDA_DST;
const LLADDR = nd.NDA_LLADDR;
const CACHEINFO = nd.NDA_CACHEINFO;
const PROBES = nd.NDA_PROBES;
const CACHEINFO_SIZE = nd.nda_cacheinfo.size;
const SIZE = nd.ndmsg.size;

/**
 * Reads a message of neighbours; undefined if it is cut off.
 *
 * Source: rtnetlink(7).
 *
 * @param message The message, as a reader stands on it.
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
  let rare = false;
  // AttributeReader.next() by hand: a third of the time.
  let at = payload + SIZE;
  while (end - at >= HEADER) {
    const header = words[at >> 2]!;
    const length = (header & 0xffff) - HEADER;
    const value = at + HEADER;
    if (length < 0 || length > end - value) break;
    switch (header >>> 16 & TYPE_MASK) {
      case DST:
        destination = rememberedAddressText(
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
        else rare = true;
        break;
      default:
        rare = true;
    }
    at = value + (length + 3 & ~3);
  }
  if (at < end && !rare) message.counters.malformed++;
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
  if (rare) {
    const attributes = message.attributes(SIZE);
    NEIGHBOUR.decodeAttributes(neighbour, attributes, family, true);
  }
  return neighbour;
}

// Neighbours that were made together have the same times.
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
 * Whether `ip neighbour` shows it. By default it leaves out those
 * that need no resolving, such as multicast, and those without a state.
 *
 * @param states The NUD_* bits to show; 0 for those without any.
 */
export function isShownNeighbour(
  { state, flags }: Neighbour,
  states: number = 0xff & ~nd.NUD_NOARP,
): boolean {
  return (state & states) !== 0 || (state === 0 && states === 0) ||
    (flags & (nd.NTF_PROXY | nd.NTF_EXT_LEARNED)) !== 0;
}

/**
 * A neighbour to add; it must not be there yet.
 *
 * Source: ip-neighbour(8), rtnetlink(7).
 *
 * @param spec The neighbour.
 * @throws {ArgumentError} If something in it cannot be right.
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
 * A neighbour to add, or to change if it is there already.
 *
 * Source: ip-neighbour(8), rtnetlink(7).
 *
 * @param spec The neighbour.
 * @throws {ArgumentError} If something in it cannot be right.
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
 * A neighbour to delete.
 *
 * Source: ip-neighbour(8), rtnetlink(7).
 *
 * @param spec The neighbour: its address, its link, and whether it is a proxy.
 * @throws {ArgumentError} If something in it cannot be right.
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
