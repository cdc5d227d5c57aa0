// Persistent TUN and TAP links. The kernel creates them by ioctls on
// /dev/net/tun, not by a message. Source: ip-tuntap(8).

import { IFF_TAP, IFF_TUN } from "../../../ffi/uapi/linux_if_tun.ts";
import * as c from "../../../ffi/uapi/linux_if_link_kinds.ts";
import {
  groupName,
  groupNumber,
  userName,
  userNumber,
} from "../names/accounts.ts";
import {
  type Attribute,
  attribute,
  reported,
  toggle,
} from "../spec/attribute.ts";
import { numbered } from "../spec/value.ts";
import { type LinkKind, linkKind } from "./kind.ts";

/**
 * Options of a TUN or TAP link, with iproute2's keys. Source: ip-tuntap(8),
 * linux/if_tun.h.
 */
export interface TunLinkOptions {
  /** Pass the protocol in front of each packet. */
  readonly pi?: boolean;
  /** Allow several queues, each with a descriptor. */
  readonly multi_queue?: boolean;
  /** User who may open the device without CAP_NET_ADMIN. */
  readonly user?: number | string;
  /** Group that may open the device without CAP_NET_ADMIN. */
  readonly group?: number | string;
}

/** What the kernel reports about a TUN or TAP link. */
export interface TunLinkData extends TunLinkOptions {
  /** "tun" or "tap". */
  readonly type?: string;
  /** Whether a virtio-net header is in front of each packet. */
  readonly vnet_hdr?: boolean;
  /** Number of queues. */
  readonly numqueues?: number;
  /** Number of disabled queues. */
  readonly numdisabled?: number;
  /** Whether the link stays when its descriptors are closed. */
  readonly persist?: boolean;
}

// (uid_t) -1 means no restriction.
const LARGEST = 0xffff_fffe;

function account(
  attributeNumber: number,
  expected: string,
  numberOf: (name: string) => number | undefined,
  nameOf: (number: number) => string | undefined,
): Attribute<number | string> {
  return attribute<number | string, number>(attributeNumber, {
    ...numbered(expected, LARGEST, numberOf),
    raw: (value) => value.u32(),
    decode: (raw) => raw,
    json: (raw) => nameOf(raw) ?? raw,
    encode: (body, attribute, value) => void body.u32(attribute, Number(value)),
  }, { change: "at creation" });
}

function typeName(type: number): string {
  if (type === IFF_TUN) return "tun";
  return type === IFF_TAP ? "tap" : `UNKNOWN:${type}`;
}

const FIXED = { change: "at creation", kernelDefault: false } as const;

/** A number of queues, which iproute2 prints only for multi-queue devices. */
function queues(number: number): Attribute<number> {
  return reported<number>(number, (value, level) => {
    const count = value.u32();
    return level.get(c.IFLA_TUN_MULTI_QUEUE)?.u8() ? count : undefined;
  });
}

function device(mode: "tun" | "tap"): LinkKind<TunLinkOptions> {
  return linkKind<TunLinkOptions, TunLinkData>(mode, () => ({
    type: reported<string>(c.IFLA_TUN_TYPE, (value) => typeName(value.u8())),
    pi: toggle(c.IFLA_TUN_PI, FIXED),
    vnet_hdr: reported<boolean>(
      c.IFLA_TUN_VNET_HDR,
      (value) => value.u8() !== 0,
    ),
    multi_queue: toggle(c.IFLA_TUN_MULTI_QUEUE, { ...FIXED, absent: false }),
    numqueues: queues(c.IFLA_TUN_NUM_QUEUES),
    numdisabled: queues(c.IFLA_TUN_NUM_DISABLED_QUEUES),
    persist: reported<boolean>(c.IFLA_TUN_PERSIST, (value) => value.u8() !== 0),
    user: account(
      c.IFLA_TUN_OWNER,
      "the name of a user or its number",
      userNumber,
      userName,
    ),
    group: account(
      c.IFLA_TUN_GROUP,
      "the name of a group or its number",
      groupNumber,
      groupName,
    ),
  }), {
    kernelName: "tun",
    module: "tun",
    constants: { of: c, prefix: "IFLA_TUN_" },
    device: mode,
  });
}

export const tun: LinkKind<TunLinkOptions> = device("tun");

export const tap: LinkKind<TunLinkOptions> = device("tap");
