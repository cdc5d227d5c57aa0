// Nexthop objects: RTM_NEWNEXTHOP and RTM_DELNEXTHOP. Source: ip-nexthop(8),
// linux/nexthop.h.

import * as nh from "../../ffi/uapi/linux_nexthop.ts";
import {
  RT_SCOPE_UNIVERSE,
  RTM_NEWNEXTHOP,
  RTNH_F_ONLINK,
  RTPROT_UNSPEC,
} from "../../ffi/uapi/linux_rtnetlink.ts";
import { AF_INET, AF_INET6, AF_UNSPEC } from "../../ffi/uapi/sys_socket.ts";
import { ArgumentError } from "../errors.ts";
import { parseAddress } from "../net/ip_address.ts";
import type {
  AttributeReader,
  UnknownAttribute,
} from "../netlink/attribute.ts";
import type { AttributeWriter } from "../netlink/attribute_writer.ts";
import type { MessageReader } from "../netlink/message.ts";
import type { Change } from "./changes/change.ts";
import {
  encapsulationFields,
  type RouteEncapsulation,
} from "./encapsulation.ts";
import type { AddressFamily } from "./family.ts";
import { scopeName } from "./names/iproute2.ts";
import { routeFlags } from "./route_parts.ts";
import { toggleWord } from "./spec/attribute.ts";
import { i32, u32 } from "./spec/codec.ts";
import type { JsonValue } from "./spec/json.ts";
import { protocol } from "./spec/named_number.ts";
import {
  device,
  fieldsOf,
  ip,
  type ObjectAttribute,
  ObjectTable,
  presence,
} from "./spec/object.ts";
import { ipAddress, oneOf, type Reader, wholeNumber } from "./spec/value.ts";
import { USER_HZ } from "./user_hz.ts";

/** A member of a nexthop group. */
export interface NexthopMember {
  /** The id of a nexthop object. */
  readonly id: number;
  /** Its weight, 1 to 65536; before Linux 6.12, up to 256. */
  readonly weight: number;
}

/**
 * Parameters of a resilient group, which keeps existing flows on their member.
 */
export interface ResilientGroup {
  /** The number of hash buckets. */
  buckets: number;
  /** When an idle bucket may move, in USER_HZ. */
  idleTimer: number;
  /** When buckets are moved although in use, in USER_HZ; 0 for never. */
  unbalancedTimer: number;
  /** How long the group has been unbalanced, in USER_HZ. */
  unbalancedTime: number;
}

/**
 * A nexthop object, which routes refer to by its id. Numbers are those of
 * linux/nexthop.h; `ipNexthop()` returns their names.
 * Source: ip-nexthop(8).
 */
export interface Nexthop {
  /** "inet", "inet6", or "unspec" for a group. */
  readonly family: AddressFamily;
  /** Its id. */
  id: number;
  /** RT_SCOPE_*. */
  scope: number;
  /** The origin, RTPROT_*. */
  protocol: number;
  /** RTNH_F_* bits. */
  flags: number;
  /** The outgoing interface, 0 for none. */
  ifindex: number;
  /** The next hop's address. */
  gateway: string | undefined;
  /** Whether it drops packets. */
  blackhole: boolean;
  /** Whether it is for a bridge's forwarding table. */
  fdb: boolean;
  /** The members of a group. */
  group?: NexthopMember[];
  /** How a group selects a member. */
  groupType?: "mpath" | "resilient" | number;
  /** The parameters of a resilient group. */
  resilient?: ResilientGroup;
  /** The encapsulation of packets. */
  encapsulation?: RouteEncapsulation;
  /** The VRF of the request. */
  master?: number;
  /** Unknown attributes. */
  unknown?: UnknownAttribute[];
}

/** A member of a nexthop group. */
export interface NexthopMemberSpec {
  /** The id of a nexthop object. */
  readonly id: number;
  /** Its weight, 1 to 65536; before Linux 6.12, up to 256. */
  readonly weight?: number;
}

/**
 * Options of a nexthop object, with the keys of iproute2. Source:
 * ip-nexthop(8).
 */
export interface NexthopObjectSpec {
  /** Its id; default: chosen by the kernel. */
  readonly id?: number;
  /** The next hop's address. */
  readonly via?: string;
  /** The outgoing interface. */
  readonly dev?: string | number;
  /** Drop packets. */
  readonly blackhole?: boolean;
  /** The encapsulation, in the words of ip-route(8): "mpls 100/200 ttl 5". */
  readonly encap?: string;
  /** Treat the next hop as directly reachable, regardless of addresses. */
  readonly onlink?: boolean;
  /** Use it for a bridge's forwarding table. */
  readonly fdb?: boolean;
  /** The members of a group; as text "1,2/2", id and weight. */
  readonly group?: string | readonly NexthopMemberSpec[];
  /** How a group selects a member; default: "mpath", by flow hash. */
  readonly type?: "mpath" | "resilient";
  /** The number of hash buckets of a resilient group. */
  readonly buckets?: number;
  /** Seconds until an idle bucket of a resilient group may move. */
  readonly idle_timer?: number;
  /** Seconds a resilient group may be unbalanced; 0 for unlimited. */
  readonly unbalanced_timer?: number;
  /** The origin, for example "static". */
  readonly protocol?: number | string;
  /** The family of one without an address: "inet6" for IPv6. */
  readonly family?: "inet" | "inet6";
}

const TYPES = {
  mpath: nh.NEXTHOP_GRP_TYPE_MPATH,
  resilient: nh.NEXTHOP_GRP_TYPE_RES,
} as const;
type GroupType = keyof typeof TYPES;

const ID = wholeNumber(1, 0xffff_ffff);
/** Before Linux 6.12, up to 256. */
const WEIGHT = wholeNumber(1, 65_536);
const SECONDS = wholeNumber(0, Math.floor(0xffff_ffff / USER_HZ) - 1);

const group: Reader<readonly NexthopMemberSpec[]> = {
  expected: "ids and their weights like 1,2/3,4, or a list of {id, weight}",
  schema: {
    anyOf: [{ type: "string" }, {
      type: "array",
      minItems: 1,
      items: {
        type: "object",
        required: ["id"],
        properties: { id: ID.schema, weight: WEIGHT.schema },
        additionalProperties: false,
      },
    }],
  },
  read(given) {
    const members = typeof given === "string"
      // As ip(8) prints it: a slash between members, a comma before the weight.
      ? given.split("/").map((member) => {
        const [id, weight] = member.split(",");
        return { id, weight };
      })
      : given;
    if (!Array.isArray(members) || members.length === 0) return undefined;
    const read = members.map(({ id, weight = 1 }) => ({
      id: ID.read(id),
      weight: WEIGHT.read(weight),
    }));
    return read.every(({ id, weight }) => id && weight)
      ? read as NexthopMemberSpec[]
      : undefined;
  },
};

const field = fieldsOf<Nexthop>();
const { encap, encapType } = encapsulationFields<Nexthop>(
  nh.NHA_ENCAP_TYPE,
  nh.NHA_ENCAP,
);

/** An option of resilient groups, nested in one attribute. */
const resilient = (
  reader: Reader<number>,
  of: (group: ResilientGroup) => number,
): ObjectAttribute<Nexthop, number> => ({
  ...reader,
  of: ({ resilient }) => resilient && of(resilient),
});

/** The attributes of nexthop objects, in iproute2's order. */
export const NEXTHOP_OBJECT: ObjectTable<Nexthop, NexthopObjectSpec> =
  new ObjectTable<Nexthop, NexthopObjectSpec>({
    name: "nexthop",
    message: RTM_NEWNEXTHOP,
    struct: nh.nhmsg,
    constants: {
      of: nh,
      prefix: "NHA_",
      but: ["NHA_RES_GROUP_", "NHA_RES_BUCKET_"],
      inside: { [nh.NHA_RES_GROUP]: { of: nh, prefix: "NHA_RES_GROUP_" } },
    },
    initial: {
      id: 0,
      ifindex: 0,
      gateway: undefined,
      blackhole: false,
      fdb: false,
    },
    title: ({ id = "" }) => `${id}`,
    familyOf: (spec, verb) => familyOf(spec, verb === "delete"),
    prepare: (spec) => ({ ...spec, resilient: resilienceOf(spec) }),
  }, {
    family: { ...oneOf(["inet", "inet6"]), compare: false },
    id: field.attribute("id", nh.NHA_ID, u32, { ...ID, key: "id" }),
    group: field.attribute("group", nh.NHA_GROUP, {
      read: decodeGroup,
      write: writeGroup,
    }, {
      ...group,
      toRaw: (members) =>
        (members as readonly NexthopMemberSpec[]).map(({ id, weight = 1 }) => ({
          id,
          weight,
        })),
      compare: true,
      // As ip(8) prints it: a slash between members, a comma before the weight.
      text: (members) =>
        members.map(({ id, weight }) => weight === 1 ? id : `${id},${weight}`)
          .join("/"),
      key: "group",
      json: (members) =>
        // The kernel stores the weight minus one, and iproute2 omits 0.
        members.map(({ id, weight }): JsonValue =>
          weight === 1 ? { id } : { id, weight }
        ),
    }),
    type: field.attribute("groupType", nh.NHA_GROUP_TYPE, {
      read: (value) => groupType(value.u16()),
      write: (body, attribute, type) =>
        void body.u16(attribute, TYPES[type as GroupType]),
    }, {
      ...oneOf(Object.keys(TYPES) as GroupType[]),
      key: "type",
      json: (type) =>
        type === "mpath"
          ? undefined
          : type === "resilient"
          ? type
          : "<unknown type>",
    }),
    resilient: field("resilient", {
      number: nh.NHA_RES_GROUP,
      decode(nexthop, value) {
        nexthop.resilient = decodeResilient(value.enter());
      },
      encode(body, { buckets, idle_timer, unbalanced_timer }) {
        body.nest(nh.NHA_RES_GROUP, () => {
          if (buckets !== undefined) {
            body.u16(nh.NHA_RES_GROUP_BUCKETS, buckets);
          }
          if (idle_timer !== undefined) {
            body.u32(nh.NHA_RES_GROUP_IDLE_TIMER, idle_timer * USER_HZ);
          }
          if (unbalanced_timer !== undefined) {
            body.u32(
              nh.NHA_RES_GROUP_UNBALANCED_TIMER,
              unbalanced_timer * USER_HZ,
            );
          }
        });
      },
      key: "resilient_args",
      json: ({ buckets, idleTimer, unbalancedTimer, unbalancedTime }) => ({
        buckets,
        idle_timer: idleTimer / USER_HZ,
        unbalanced_timer: unbalancedTimer / USER_HZ,
        unbalanced_time: unbalancedTime / USER_HZ,
      }),
    }),
    buckets: resilient(wholeNumber(1, 65535), ({ buckets }) => buckets),
    idle_timer: resilient(SECONDS, ({ idleTimer }) => idleTimer / USER_HZ),
    unbalanced_timer: resilient(
      SECONDS,
      ({ unbalancedTimer }) => unbalancedTimer / USER_HZ,
    ),
    encap,
    encapType,
    via: field.attribute("gateway", nh.NHA_GATEWAY, ip, {
      ...ipAddress,
      compare: true,
      key: "gateway",
    }),
    dev: field.attribute("ifindex", nh.NHA_OIF, i32, {
      ...device,
      key: "dev",
      json: (ifindex, _, { names }) =>
        ifindex === 0 ? undefined : names.name(ifindex),
    }),
    scope: field.header("scope", "nh_scope", {
      key: "scope",
      json: (scope, _, { details }) =>
        scope === RT_SCOPE_UNIVERSE && !details ? undefined : scopeName(scope),
    }),
    blackhole: field.attribute("blackhole", nh.NHA_BLACKHOLE, presence, {
      ...toggleWord,
      compare: true,
      key: "blackhole",
      json: (isSet) => isSet ? null : undefined,
    }),
    protocol: field.header("protocol", "nh_protocol", {
      ...protocol,
      key: "protocol",
      json: (number, _, { details }) =>
        number === RTPROT_UNSPEC && !details
          ? undefined
          : protocol.text(number),
    }),
    flags: field.header("flags", "nh_flags", {
      key: "flags",
      json: routeFlags,
    }),
    onlink: field.bit("flags", RTNH_F_ONLINK, { ...toggleWord }),
    fdb: field.attribute("fdb", nh.NHA_FDB, presence, {
      ...toggleWord,
      key: "fdb",
      json: (isSet) => isSet ? null : undefined,
    }),
    master: field.attribute("master", nh.NHA_MASTER, i32),
  });

function resilienceOf(
  { type, buckets, idle_timer, unbalanced_timer }: NexthopObjectSpec,
) {
  if (type === "resilient") return { buckets, idle_timer, unbalanced_timer };
  if (buckets ?? idle_timer ?? unbalanced_timer) {
    throw new ArgumentError("type", type, "resilient, as its options need");
  }
  return undefined;
}

/** A group does not have a family; other objects have that of their address. */
function familyOf(spec: NexthopObjectSpec, deleting: boolean): number {
  const { via, family } = spec;
  const own = via && parseAddress(via, "via").address.length === 16
    ? "inet6"
    : via
    ? "inet"
    : undefined;
  if (own && family && own !== family) {
    throw new ArgumentError("family", family, `that of ${via}`);
  }
  const is = own ?? family ??
    (spec.dev !== undefined || spec.blackhole ? "inet" : undefined);
  if (is === undefined || deleting) return AF_UNSPEC;
  return is === "inet6" ? AF_INET6 : AF_INET;
}

/**
 * Decodes a message about a nexthop object; undefined if it is truncated.
 *
 * Source: linux/nexthop.h.
 *
 * @param message The message, at the position of the reader.
 */
export function decodeNexthop(message: MessageReader): Nexthop | undefined {
  return NEXTHOP_OBJECT.decode(message);
}

function groupType(type: number): GroupType | number {
  return (Object.keys(TYPES) as GroupType[])
    .find((name) => TYPES[name] === type) ?? type;
}

function decodeGroup(
  { words, at, length }: AttributeReader,
): NexthopMember[] {
  const members: NexthopMember[] = [];
  const last = at + length - nh.nexthop_grp.size;
  for (let member = at; member <= last; member += nh.nexthop_grp.size) {
    const word = member >> 2;
    // The high byte of the weight is reserved and 0 before Linux 6.12.
    const weight = (words[word + 1]! & 0xffff) + 1;
    members.push({ id: words[word]! >>> 0, weight });
  }
  return members;
}

function decodeResilient(attributes: AttributeReader): ResilientGroup {
  const group = {
    buckets: 0,
    idleTimer: 0,
    unbalancedTimer: 0,
    unbalancedTime: 0,
  };
  while (attributes.next()) {
    switch (attributes.type) {
      case nh.NHA_RES_GROUP_BUCKETS:
        group.buckets = attributes.u16();
        break;
      case nh.NHA_RES_GROUP_IDLE_TIMER:
        group.idleTimer = attributes.u32();
        break;
      case nh.NHA_RES_GROUP_UNBALANCED_TIMER:
        group.unbalancedTimer = attributes.u32();
        break;
      case nh.NHA_RES_GROUP_UNBALANCED_TIME:
        group.unbalancedTime = attributes.u64();
        break;
    }
  }
  return group;
}

function writeGroup(
  body: AttributeWriter,
  attribute: number,
  members: readonly NexthopMember[],
): void {
  const bytes = new Uint8Array(members.length * nh.nexthop_grp.size);
  const view = new DataView(bytes.buffer);
  members.forEach(({ id, weight }, index) => {
    const at = index * nh.nexthop_grp.size;
    nh.nexthop_grp.assign(view, at, { id });
    view.setUint16(at + 4, weight - 1, true);
  });
  body.bytes(attribute, bytes);
}

/**
 * Builds a change that adds a nexthop object; fails with EEXIST if the id
 * exists.
 *
 * Source: ip-nexthop(8), linux/nexthop.h.
 *
 * @param spec The options of the nexthop object.
 * @throws {ArgumentError} For an invalid value.
 *
 * @example
 * ```ts
 * import { addNexthop, addRoute } from "@netplumb/netplumb";
 *
 * addNexthop({ id: 1, via: "192.0.2.2", dev: "eth0" });
 * addNexthop({ id: 2, via: "192.0.2.3", dev: "eth0" });
 * addNexthop({ id: 10, group: [{ id: 1, weight: 2 }, { id: 2 }] });
 * addRoute({ to: "198.51.100.0/24", nhid: 10 });
 * ```
 */
export function addNexthop(spec: NexthopObjectSpec): Change {
  return NEXTHOP_OBJECT.change("add", spec);
}

/**
 * Builds a change that adds or replaces the nexthop object with this id.
 *
 * Source: ip-nexthop(8), linux/nexthop.h.
 *
 * @param spec The options of the nexthop object.
 * @throws {ArgumentError} For an invalid value.
 *
 * @example
 * ```ts
 * import { replaceNexthop } from "@netplumb/netplumb";
 *
 * replaceNexthop({ id: 1, via: "192.0.2.7", dev: "eth0" });
 * ```
 */
export function replaceNexthop(spec: NexthopObjectSpec): Change {
  return NEXTHOP_OBJECT.change("replace", spec);
}

/**
 * Builds a change that deletes a nexthop object, and the routes that refer to
 * it.
 *
 * Source: ip-nexthop(8), linux/nexthop.h.
 *
 * @param id Its id.
 * @throws {ArgumentError} For an invalid id.
 *
 * @example
 * ```ts
 * import { deleteNexthop } from "@netplumb/netplumb";
 *
 * deleteNexthop(10);
 * ```
 */
export function deleteNexthop(id: number): Change {
  return NEXTHOP_OBJECT.change("delete", { id });
}
