// Nexthop objects: RTM_NEWNEXTHOP and RTM_DELNEXTHOP.

import {
  nexthop_grp,
  NEXTHOP_GRP_TYPE_MPATH,
  NEXTHOP_GRP_TYPE_RES,
  NHA_BLACKHOLE,
  NHA_ENCAP,
  NHA_ENCAP_TYPE,
  NHA_FDB,
  NHA_GATEWAY,
  NHA_GROUP,
  NHA_GROUP_TYPE,
  NHA_ID,
  NHA_MASTER,
  NHA_OIF,
  NHA_RES_GROUP,
  NHA_RES_GROUP_BUCKETS,
  NHA_RES_GROUP_IDLE_TIMER,
  NHA_RES_GROUP_UNBALANCED_TIME,
  NHA_RES_GROUP_UNBALANCED_TIMER,
  nhmsg,
} from "../../ffi/uapi/linux_nexthop.ts";
import type {
  AttributeReader,
  UnknownAttribute,
} from "../netlink/attribute.ts";
import type { MessageReader } from "../netlink/message.ts";
import { type AddressFamily, addressText, familyName } from "./family.ts";
import type { RouteEncapsulation } from "./route.ts";

/** A member of a nexthop group. */
export interface NexthopMember {
  /** The id of a nexthop object. */
  readonly id: number;
  /** Its share, 1 to 256. */
  readonly weight: number;
}

/** How a resilient group keeps flows where they are. */
export interface ResilientGroup {
  /** How many buckets flows are spread over. */
  buckets: number;
  /** USER_HZ. */
  idleTimer: number;
  /** USER_HZ. */
  unbalancedTimer: number;
  /** USER_HZ. */
  unbalancedTime: number;
}

/**
 * A nexthop object, which routes may name by its id. Numbers are those of
 * linux/nexthop.h; `ipNexthop()` gives them their names.
 * Source: ip-nexthop(8).
 */
export interface Nexthop {
  /** "inet" or "inet6", or "unspec" of a group. */
  readonly family: AddressFamily;
  /** Its number, which routes name it by. */
  id: number;
  /** RT_SCOPE_*. */
  scope: number;
  /** RTPROT_*, who made it. */
  protocol: number;
  /** RTNH_F_* bits. */
  flags: number;
  /** The link packets leave by, 0 where there is none. */
  ifindex: number;
  /** The next hop's address. */
  gateway: string | undefined;
  /** Whether it drops what comes. */
  blackhole: boolean;
  /** Whether it is one of a bridge's forwarding table. */
  fdb: boolean;
  /** The nexthop objects it is made of. */
  group?: NexthopMember[];
  /** How a group chooses among them. */
  groupType?: "mpath" | "resilient" | number;
  /** Of a resilient group. */
  resilient?: ResilientGroup;
  /** What packets are wrapped in. */
  encapsulation?: RouteEncapsulation;
  /** The VRF it was asked for with. */
  master?: number;
  /** Attributes nobody here knows. */
  unknown?: UnknownAttribute[];
}

/**
 * Reads a message of nexthop objects; undefined if it is cut off.
 *
 * Source: linux/nexthop.h.
 *
 * @param message The message, as a reader stands on it.
 */
export function decodeNexthop(message: MessageReader): Nexthop | undefined {
  if (!message.holds(nhmsg.size)) return undefined;
  const { bytes, words, payload } = message;
  const head = words[payload >> 2]!;
  const family = familyName(head & 0xff);
  const nexthop: Nexthop = {
    family,
    id: 0,
    scope: head >> 8 & 0xff,
    protocol: head >> 16 & 0xff,
    flags: words[(payload >> 2) + 1]!,
    ifindex: 0,
    gateway: undefined,
    blackhole: false,
    fdb: false,
  };
  let encapType: number | undefined;
  let encap: Uint8Array<ArrayBuffer> | undefined;
  const attributes = message.attributes(nhmsg.size);
  while (attributes.next()) {
    const { at, length } = attributes;
    switch (attributes.type) {
      case NHA_ID:
        nexthop.id = attributes.u32();
        break;
      case NHA_GROUP:
        nexthop.group = decodeGroup(attributes);
        break;
      case NHA_GROUP_TYPE:
        nexthop.groupType = groupType(attributes.u16());
        break;
      case NHA_BLACKHOLE:
        nexthop.blackhole = true;
        break;
      case NHA_OIF:
        nexthop.ifindex = attributes.i32();
        break;
      case NHA_GATEWAY:
        nexthop.gateway = addressText(family, bytes, at, length);
        break;
      case NHA_ENCAP_TYPE:
        encapType = attributes.u16();
        break;
      case NHA_ENCAP:
        encap = attributes.copy();
        break;
      case NHA_MASTER:
        nexthop.master = attributes.i32();
        break;
      case NHA_FDB:
        nexthop.fdb = true;
        break;
      case NHA_RES_GROUP:
        nexthop.resilient = decodeResilient(attributes.enter());
        break;
      default:
        (nexthop.unknown ??= []).push(attributes.unknown());
    }
  }
  if (encap !== undefined) {
    nexthop.encapsulation = { type: encapType ?? 0, attributes: encap };
  }
  return nexthop;
}

function groupType(type: number): "mpath" | "resilient" | number {
  if (type === NEXTHOP_GRP_TYPE_MPATH) return "mpath";
  return type === NEXTHOP_GRP_TYPE_RES ? "resilient" : type;
}

function decodeGroup(attributes: AttributeReader): NexthopMember[] {
  const { words, bytes } = attributes;
  const members: NexthopMember[] = [];
  const end = attributes.at + attributes.length;
  for (let at = attributes.at; at + nexthop_grp.size <= end;) {
    members.push({ id: words[at >> 2]! >>> 0, weight: bytes[at + 4]! + 1 });
    at += nexthop_grp.size;
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
      case NHA_RES_GROUP_BUCKETS:
        group.buckets = attributes.u16();
        break;
      case NHA_RES_GROUP_IDLE_TIMER:
        group.idleTimer = attributes.u32();
        break;
      case NHA_RES_GROUP_UNBALANCED_TIMER:
        group.unbalancedTimer = attributes.u32();
        break;
      case NHA_RES_GROUP_UNBALANCED_TIME:
        group.unbalancedTime = attributes.u64();
        break;
    }
  }
  return group;
}
