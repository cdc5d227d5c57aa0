// Requests that add, replace and delete nexthop objects.

import {
  NLM_F_CREATE,
  NLM_F_EXCL,
  NLM_F_REPLACE,
} from "../../../ffi/uapi/linux_netlink.ts";
import * as nh from "../../../ffi/uapi/linux_nexthop.ts";
import {
  RTM_DELNEXTHOP,
  RTM_NEWNEXTHOP,
  RTNH_F_ONLINK,
} from "../../../ffi/uapi/linux_rtnetlink.ts";
import { AF_INET, AF_INET6, AF_UNSPEC } from "../../../ffi/uapi/sys_socket.ts";
import { parseAddress } from "../../net/ip_address.ts";
import { ArgumentError } from "../../errors.ts";
import { AttributeWriter } from "../../netlink/attribute_writer.ts";
import { USER_HZ } from "../user_hz.ts";
import { type Change, checked } from "./change.ts";
import { type OptionsOf, readSpec, toggleBit } from "./option.ts";
import {
  ipAddress,
  linkName,
  oneOf,
  type Reader,
  wholeNumber,
} from "../spec/value.ts";
import { protocol } from "./words.ts";

/** A member of a group of nexthops. */
export interface NexthopMemberSpec {
  /** The id of a nexthop object. */
  readonly id: number;
  /** Its share, 1 to 256. */
  readonly weight?: number;
}

/** A nexthop object, by iproute2's words. Source: ip-nexthop(8). */
export interface NexthopObjectSpec {
  /** Its number; the kernel chooses one if not given. */
  readonly id?: number;
  /** The next hop's address. */
  readonly via?: string;
  /** The link packets leave by. */
  readonly dev?: string | number;
  /** Whether it drops what comes. */
  readonly blackhole?: boolean;
  /** Whether the next hop is on the link, whatever the addresses say. */
  readonly onlink?: boolean;
  /** Whether it is for a bridge's forwarding table. */
  readonly fdb?: boolean;
  /** What it is a group of; in words "1,2/2", id and weight. */
  readonly group?: string | readonly NexthopMemberSpec[];
  /** How a group chooses among its members; "mpath" by their hash. */
  readonly type?: "mpath" | "resilient";
  /** Of a resilient group, how many buckets flows are spread over. */
  readonly buckets?: number;
  /** Of a resilient group, seconds until an unused bucket may move. */
  readonly idle_timer?: number;
  /** Of a resilient group, seconds it may be unbalanced; 0 for ever. */
  readonly unbalanced_timer?: number;
  /** Who made it. */
  readonly protocol?: number | string;
  /** Of one that has no address to tell: "inet6" for IPv6. */
  readonly family?: "inet" | "inet6";
}

const TYPES = {
  mpath: nh.NEXTHOP_GRP_TYPE_MPATH,
  resilient: nh.NEXTHOP_GRP_TYPE_RES,
} as const;

const ID = wholeNumber(1, 0xffff_ffff);
const WEIGHT = wholeNumber(1, 256);
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
      // As ip has it: a slash between members, a comma before the weight.
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

/** How each word is read. */
export const NEXTHOP_OBJECT: OptionsOf<NexthopObjectSpec> = {
  id: ID,
  via: ipAddress,
  dev: linkName,
  blackhole: toggleBit,
  onlink: toggleBit,
  fdb: toggleBit,
  group,
  type: oneOf(["mpath", "resilient"]),
  buckets: wholeNumber(1, 65535),
  idle_timer: SECONDS,
  unbalanced_timer: SECONDS,
  protocol,
  family: oneOf(["inet", "inet6"]),
};

/** A group has no family; the others have that of their address. */
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

function writeResilience(
  body: AttributeWriter,
  { type, buckets, idle_timer, unbalanced_timer }: NexthopObjectSpec,
): void {
  if (type !== "resilient") {
    if (buckets ?? idle_timer ?? unbalanced_timer) {
      throw new ArgumentError("type", type, "resilient, as its options need");
    }
    return;
  }
  body.nest(nh.NHA_RES_GROUP, () => {
    if (buckets !== undefined) body.u16(nh.NHA_RES_GROUP_BUCKETS, buckets);
    if (idle_timer !== undefined) {
      body.u32(nh.NHA_RES_GROUP_IDLE_TIMER, idle_timer * USER_HZ);
    }
    if (unbalanced_timer !== undefined) {
      body.u32(nh.NHA_RES_GROUP_UNBALANCED_TIMER, unbalanced_timer * USER_HZ);
    }
  });
}

function change(
  verb: string,
  type: number,
  flags: number,
  given: NexthopObjectSpec,
): Change {
  const spec = readSpec("nexthop", NEXTHOP_OBJECT, given);
  const what = `${verb} nexthop ${spec.id ?? ""}`.trimEnd();
  const family = familyOf(spec, type === RTM_DELNEXTHOP);
  return checked({
    what,
    requests(known) {
      const body = new AttributeWriter().raw(nh.nhmsg.build({
        nh_family: family,
        nh_protocol: Number(spec.protocol ?? 0),
        nh_flags: spec.onlink ? RTNH_F_ONLINK : 0,
      }));
      if (spec.id !== undefined) body.u32(nh.NHA_ID, spec.id);
      if (spec.dev !== undefined) {
        body.u32(nh.NHA_OIF, known.index(spec.dev));
      }
      if (spec.via !== undefined) {
        body.bytes(nh.NHA_GATEWAY, parseAddress(spec.via, "via").address);
      }
      if (spec.blackhole) body.flag(nh.NHA_BLACKHOLE);
      if (spec.fdb) body.flag(nh.NHA_FDB);
      if (Array.isArray(spec.group)) writeGroup(body, spec.group);
      if (spec.type !== undefined) {
        body.u16(nh.NHA_GROUP_TYPE, TYPES[spec.type]);
      }
      writeResilience(body, spec);
      return [{ type, flags, body: body.finish(), tried: what }];
    },
  });
}

function writeGroup(
  body: AttributeWriter,
  members: readonly NexthopMemberSpec[],
): void {
  const bytes = new Uint8Array(members.length * nh.nexthop_grp.size);
  members.forEach(({ id, weight = 1 }, index) => {
    const member = nh.nexthop_grp.build({ id, weight: weight - 1 });
    bytes.set(member, index * nh.nexthop_grp.size);
  });
  body.bytes(nh.NHA_GROUP, bytes);
}

/**
 * A nexthop object to add; there must be none of that id yet.
 *
 * Source: ip-nexthop(8), linux/nexthop.h.
 *
 * @param spec The nexthop object.
 * @throws {ArgumentError} If something in it cannot be right.
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
  return change("add", RTM_NEWNEXTHOP, NLM_F_CREATE | NLM_F_EXCL, spec);
}

/**
 * A nexthop object to add, or to put in the place of the one of its id.
 *
 * Source: ip-nexthop(8), linux/nexthop.h.
 *
 * @param spec The nexthop object.
 * @throws {ArgumentError} If something in it cannot be right.
 *
 * @example
 * ```ts
 * import { replaceNexthop } from "@netplumb/netplumb";
 *
 * replaceNexthop({ id: 1, via: "192.0.2.7", dev: "eth0" });
 * ```
 */
export function replaceNexthop(spec: NexthopObjectSpec): Change {
  return change("replace", RTM_NEWNEXTHOP, NLM_F_CREATE | NLM_F_REPLACE, spec);
}

/**
 * A nexthop object to delete, and the routes that name it.
 *
 * Source: ip-nexthop(8), linux/nexthop.h.
 *
 * @param id Its id.
 * @throws {ArgumentError} If it cannot be one.
 *
 * @example
 * ```ts
 * import { deleteNexthop } from "@netplumb/netplumb";
 *
 * deleteNexthop(10);
 * ```
 */
export function deleteNexthop(id: number): Change {
  return change("delete", RTM_DELNEXTHOP, 0, { id });
}
