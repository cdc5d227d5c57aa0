// GTP: tunnels of mobile networks, without their contexts. Source: ip-link(8),
// linux/if_link.h, 3GPP TS 29.060, TS 29.281.

import * as c from "../../../ffi/uapi/linux_if_link_kinds.ts";
import { ArgumentError } from "../../errors.ts";
import { number, type Table, word } from "../spec/attribute.ts";
import { u32, u8 } from "../spec/codec.ts";
import { type LinkKind, linkKind } from "./kind.ts";

/** Options of a GTP link, with iproute2's keys. Source: ip-link(8). */
export interface GtpOptions {
  /** Role: serving or gateway GPRS support node. */
  readonly role?: "ggsn" | "sgsn";
  /** Number of hash buckets for contexts. */
  readonly hsize?: number;
  /** Restart counter of echo responses. */
  readonly restart_count?: number;
}

const ROLES = { ggsn: c.GTP_ROLE_GGSN, sgsn: c.GTP_ROLE_SGSN };
const FIXED = { change: "at creation" } as const;

const table = (): Table<GtpOptions> => ({
  role: word(c.IFLA_GTP_ROLE, u32, ROLES, {
    ...FIXED,
    json: (raw) => Object.keys(ROLES)[raw] ?? "unknown",
  }),
  hsize: number(c.IFLA_GTP_PDP_HASHSIZE, u32, {
    ...FIXED,
    max: 0x1ffff,
    kernelDefault: 1024,
  }),
  restart_count: number(c.IFLA_GTP_RESTART_COUNT, u8, {
    ...FIXED,
    kernelDefault: 0,
    since: "6.1",
  }),
});

export const gtp: LinkKind<GtpOptions> = linkKind<GtpOptions>("gtp", table, {
  constants: { of: c, prefix: "IFLA_GTP_" },
  // Without descriptors of sockets, the kernel has to create some.
  always: (body) => body.u8(c.IFLA_GTP_CREATE_SOCKETS, 1),
  prepare({ role, hsize = 1024, ...rest }, making) {
    if (making && role === undefined) {
      throw new ArgumentError("gtp role", role, "ggsn or sgsn");
    }
    return { role, ...rest, hsize };
  },
});
