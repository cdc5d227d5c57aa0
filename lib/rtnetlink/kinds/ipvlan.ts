// IPVLAN and IPVTAP: further IP addresses of a lower link, with its link-layer
// address. Source: ip-link(8), Documentation/networking/ipvlan.rst.

import * as c from "../../../ffi/uapi/linux_if_link_kinds.ts";
import { ArgumentError } from "../../errors.ts";
import type { AttributeReader } from "../../netlink/attribute.ts";
import {
  type Attribute,
  bits,
  type BitsCodec,
  toggleWord,
  word,
} from "../spec/attribute.ts";
import { type NumberCodec, u16 } from "../spec/codec.ts";
import { onlyTrue } from "../spec/json.ts";
import { type LinkKind, linkKind } from "./kind.ts";

/**
 * Options of an IPVLAN or IPVTAP link, with iproute2's keys. Source: ip-link(8),
 * linux/if_link.h.
 */
export interface IpvlanOptions {
  /** Layer that decides which link receives a packet. */
  readonly mode?: "l2" | "l3" | "l3s";
  /** Let links with the same lower link reach none of the others. */
  readonly private?: boolean;
  /** Let links with the same lower link reach each other through the external switch. */
  readonly vepa?: boolean;
  /** Let links with the same lower link reach each other directly. */
  readonly bridge?: boolean;
}

const MODES = {
  l2: c.IPVLAN_MODE_L2,
  l3: c.IPVLAN_MODE_L3,
  l3s: c.IPVLAN_MODE_L3S,
};

// iproute2 prints nothing for a mode or flags of another size.
const exact: NumberCodec = {
  ...u16,
  read: (value) => value.length === 2 ? value.u16() : -1,
};

const flags: BitsCodec = {
  read(value: AttributeReader) {
    if (value.length !== 2) return undefined;
    const set = value.u16();
    // Private wins where both are set.
    return {
      value: set & c.IPVLAN_F_PRIVATE ? c.IPVLAN_F_PRIVATE : set,
      mask: ~0,
    };
  },
  write: (body, attribute, value) => void body.u16(attribute, value),
};

const kinds = bits(c.IFLA_IPVLAN_FLAGS, flags, {
  private: c.IPVLAN_F_PRIVATE,
  vepa: c.IPVLAN_F_VEPA,
}, { toggle: true, json: onlyTrue });

/** The word for no flag. */
const bridge: Attribute<boolean> = {
  ...toggleWord,
  number: c.IFLA_IPVLAN_FLAGS,
  kernelDefault: true,
  ...(kinds.vepa.writes && { writes: kinds.vepa.writes }),
  decode(level) {
    const [vepa, isPrivate] = [
      kinds.vepa.decode(level),
      kinds.private.decode(level),
    ];
    return vepa === undefined ? undefined : !vepa && !isPrivate;
  },
  json: [{ read: (level) => onlyTrue(bridge.decode(level) ?? false) }],
};

const SHARING = ["private", "vepa", "bridge"] as const;

function ipvlanKind(name: string): LinkKind<IpvlanOptions> {
  return linkKind<IpvlanOptions>(name, () => ({
    mode: word(c.IFLA_IPVLAN_MODE, exact, MODES, {
      kernelDefault: "l3",
      json: (raw) =>
        raw < 0
          ? undefined
          : Object.keys(MODES).find((_, index) => index === raw) ?? "unknown",
    }),
    ...kinds,
    bridge,
  }), {
    lower: true,
    // The flags have no mask.
    together: true,
    constants: { of: c, prefix: "IFLA_IPVLAN_" },
    // ip always sends the flags.
    prepare(given) {
      if (given.bridge === false && !given.private && !given.vepa) {
        const expected = "possible without private or vepa";
        throw new ArgumentError(`${name} bridge`, false, expected);
      }
      return SHARING.some((word) => given[word] !== undefined)
        ? { ...given }
        : { ...given, bridge: true };
    },
  });
}

export const ipvlan: LinkKind<IpvlanOptions> = ipvlanKind("ipvlan");

export const ipvtap: LinkKind<IpvlanOptions> = ipvlanKind("ipvtap");
