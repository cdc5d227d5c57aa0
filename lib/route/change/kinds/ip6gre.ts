// GRE over IPv6, of packets (ip6gre) or of Ethernet frames (ip6gretap). Source:
// RFC 7676.

import * as c from "../../../../ffi/layout/linux_if_tunnel.ts";
import type { LinkKind } from "../kind.ts";
import type { OptionsOf } from "../option.ts";
import { GRE_ENCAPSULATION } from "./encapsulation.ts";
import {
  GRE_HEADER_OPTIONS,
  type GreHeaderOptions,
  writeGreHeader,
} from "./gre_header.ts";
import {
  TUNNEL6_OPTIONS,
  type Tunnel6Attributes,
  type Tunnel6Options,
  writeTunnel6,
} from "./tunnel6.ts";

/**
 * The options of a GRE tunnel over IPv6, by iproute2's words. Source:
 * ip-link(8), linux/if_tunnel.h.
 */
export interface Ip6GreOptions extends Tunnel6Options, GreHeaderOptions {}

const options: OptionsOf<Ip6GreOptions> = {
  ...TUNNEL6_OPTIONS,
  ...GRE_HEADER_OPTIONS,
};

const ATTRIBUTES: Tunnel6Attributes = {
  local: c.IFLA_GRE_LOCAL,
  remote: c.IFLA_GRE_REMOTE,
  hoplimit: c.IFLA_GRE_TTL,
  encaplimit: c.IFLA_GRE_ENCAP_LIMIT,
  flowinfo: c.IFLA_GRE_FLOWINFO,
  flags: c.IFLA_GRE_FLAGS,
  fwmark: c.IFLA_GRE_FWMARK,
  ...GRE_ENCAPSULATION,
};

const finish: LinkKind["finish"] = (body, values, names) => {
  const options: Ip6GreOptions = values;
  if (options.external) {
    body.flag(c.IFLA_GRE_COLLECT_METADATA);
    return;
  }
  writeGreHeader(body, options);
  if (options.dev !== undefined) {
    body.u32(c.IFLA_GRE_LINK, names.index(options.dev));
  }
  writeTunnel6(body, options, ATTRIBUTES);
  // Of ERSPAN alone, and sent by ip of these as well.
  body.u8(c.IFLA_GRE_ERSPAN_VER, 1);
};

export const ip6gre: LinkKind = {
  name: "ip6gre",
  module: "ip6_gre",
  options,
  finish,
};

export const ip6gretap: LinkKind = { ...ip6gre, name: "ip6gretap" };
