// GRE over IPv4, of packets (gre) or of Ethernet frames (gretap). Source:
// RFC 2784, RFC 2890.

import * as c from "../../../../ffi/layout/linux_if_tunnel.ts";
import { ArgumentError } from "../../../errors.ts";
import type { LinkKind } from "../kind.ts";
import { type OptionsOf, toggleBit } from "../option.ts";
import { GRE_ENCAPSULATION } from "./encapsulation.ts";
import {
  GRE_HEADER_OPTIONS,
  type GreHeaderOptions,
  isGroup,
  writeGreHeader,
} from "./gre_header.ts";
import {
  TUNNEL_OPTIONS,
  type TunnelAttributes,
  type TunnelOptions,
  writeTunnel,
} from "./tunnel.ts";

/**
 * The options of a GRE tunnel over IPv4, by iproute2's words. Source:
 * ip-link(8), linux/if_tunnel.h.
 */
export interface GreOptions extends TunnelOptions, GreHeaderOptions {
  /** Whether the inner packet's Don't Fragment bit is not looked at. */
  readonly "ignore-df"?: boolean;
}

const options: OptionsOf<GreOptions> = {
  ...TUNNEL_OPTIONS,
  ...GRE_HEADER_OPTIONS,
  "ignore-df": toggleBit,
};

const ATTRIBUTES: TunnelAttributes = {
  local: c.IFLA_GRE_LOCAL,
  remote: c.IFLA_GRE_REMOTE,
  pmtudisc: c.IFLA_GRE_PMTUDISC,
  tos: c.IFLA_GRE_TOS,
  ttl: c.IFLA_GRE_TTL,
  fwmark: c.IFLA_GRE_FWMARK,
  ...GRE_ENCAPSULATION,
};

const finish: LinkKind["finish"] = (body, values, names) => {
  const options: GreOptions = values;
  if (options.external) {
    body.flag(c.IFLA_GRE_COLLECT_METADATA);
    return;
  }
  const { remote, local } = options;
  if (remote && isGroup(remote) && local === undefined) {
    throw new ArgumentError("gre local", local, "an address to send from");
  }
  writeGreHeader(body, options, remote);
  const ignore = options["ignore-df"];
  if (ignore !== undefined) body.u8(c.IFLA_GRE_IGNORE_DF, Number(ignore));
  if (options.dev !== undefined) {
    body.u32(c.IFLA_GRE_LINK, names.index(options.dev));
  }
  writeTunnel(body, options, ATTRIBUTES);
};

export const gre: LinkKind = { name: "gre", module: "ip_gre", options, finish };

export const gretap: LinkKind = { ...gre, name: "gretap" };
