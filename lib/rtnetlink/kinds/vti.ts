// Virtual tunnel interfaces of IPsec. Source: ip-link(8), linux/if_tunnel.h.

import * as c from "../../../ffi/uapi/linux_if_tunnel.ts";
import {
  formatIPv4,
  parseAddress,
  tryParseIPv4,
} from "../../net/ip_address.ts";
import {
  type Attribute,
  attribute,
  link,
  number,
  standsFor,
} from "../spec/attribute.ts";
import { u32 } from "../spec/codec.ts";
import { hexNonzero } from "../spec/json.ts";
import { wholeNumber } from "../spec/value.ts";
import { type LinkKind, linkKind } from "./kind.ts";
import { completed, endpoint } from "./tunnel.ts";

/** Options of a VTI link, with iproute2's keys. Source: ip-link(8). */
export interface VtiOptions {
  /** Remote address. */
  readonly remote?: string;
  /** Local address. */
  readonly local?: string;
  /** Link to send by. */
  readonly dev?: string | number;
  /** Key of both directions: a number, or one written as an IPv4 address. */
  readonly key?: number | string;
  /** Key of received packets. */
  readonly ikey?: number | string;
  /** Key of sent packets. */
  readonly okey?: number | string;
  /** Mark of the outer packets. */
  readonly fwmark?: number;
}

const plainKey = wholeNumber(0, 0xffff_ffff);

function key(number: number): Attribute<number | string> {
  return attribute<number | string, { number: number; text: string }>(number, {
    expected: `${plainKey.expected} or an IPv4 address`,
    schema: { anyOf: [plainKey.schema, { type: "string" }] },
    read: (given) =>
      typeof given === "string" && tryParseIPv4(given)
        ? given
        : plainKey.read(given),
    raw: (value) => ({
      number: value.be32(),
      text: value.length >= 4 ? formatIPv4(value.bytes, value.at) : "",
    }),
    decode: ({ number }) => number,
    json: ({ number, text }) => number === 0 ? undefined : text,
    encode(body, attribute, value) {
      if (typeof value === "number") body.be32(attribute, value);
      else body.bytes(attribute, parseAddress(value).address);
    },
    show: (value) =>
      new DataView(value.buffer, value.byteOffset, value.length).getUint32(0),
  }, { kernelDefault: 0 });
}

function vtiKind(name: string, size: 4 | 16, module: string) {
  const [ikey, okey] = [key(c.IFLA_VTI_IKEY), key(c.IFLA_VTI_OKEY)];
  const kind: LinkKind<VtiOptions> = linkKind<VtiOptions>(name, () => ({
    remote: endpoint(c.IFLA_VTI_REMOTE, size),
    local: endpoint(c.IFLA_VTI_LOCAL, size),
    dev: link(c.IFLA_VTI_LINK, { key: "link" }),
    key: standsFor(["ikey", "okey"], [ikey, okey]),
    ikey,
    okey,
    fwmark: number(c.IFLA_VTI_FWMARK, u32, {
      kernelDefault: 0,
      json: hexNonzero,
    }),
  }), {
    module,
    together: true,
    constants: { of: c, prefix: "IFLA_VTI_" },
    prepare: (values) => completed(kind.options, values),
  });
  return kind;
}

export const vti: LinkKind<VtiOptions> = vtiKind("vti", 4, "ip_vti");

export const vti6: LinkKind<VtiOptions> = vtiKind("vti6", 16, "ip6_vti");
