// IPv4 or IPv6 over IPv6. Source: RFC 2473.

import * as c from "../../../../ffi/layout/linux_if_tunnel.ts";
import {
  IPPROTO_IPIP,
  IPPROTO_IPV6,
} from "../../../../ffi/layout/netinet_in.ts";
import type { LinkKind } from "../kind.ts";
import type { OptionsOf } from "../option.ts";
import { oneOf } from "../value.ts";
import { IPTUN_ENCAPSULATION } from "./encapsulation.ts";
import {
  TUNNEL6_OPTIONS,
  type Tunnel6Attributes,
  type Tunnel6Options,
  writeTunnel6,
} from "./tunnel6.ts";

/**
 * The options of an IP tunnel over IPv6, by iproute2's words. Source:
 * ip-link(8), linux/if_tunnel.h.
 */
export interface Ip6TunnelOptions extends Tunnel6Options {
  /** What it carries. */
  readonly mode?: "ip6ip6" | "ipip6" | "any";
}

const MODES = { ip6ip6: IPPROTO_IPV6, ipip6: IPPROTO_IPIP, any: 0 } as const;

const options: OptionsOf<Ip6TunnelOptions> = {
  ...TUNNEL6_OPTIONS,
  mode: oneOf(["ip6ip6", "ipip6", "any"]),
};

const ATTRIBUTES: Tunnel6Attributes = {
  local: c.IFLA_IPTUN_LOCAL,
  remote: c.IFLA_IPTUN_REMOTE,
  hoplimit: c.IFLA_IPTUN_TTL,
  encaplimit: c.IFLA_IPTUN_ENCAP_LIMIT,
  flowinfo: c.IFLA_IPTUN_FLOWINFO,
  flags: c.IFLA_IPTUN_FLAGS,
  fwmark: c.IFLA_IPTUN_FWMARK,
  ...IPTUN_ENCAPSULATION,
};

export const ip6tnl: LinkKind = {
  name: "ip6tnl",
  module: "ip6_tunnel",
  options,
  finish(body, values, names) {
    const options: Ip6TunnelOptions = values;
    const { mode = "any", dev } = options;
    body.u8(c.IFLA_IPTUN_PROTO, MODES[mode]);
    if (options.external) {
      body.flag(c.IFLA_IPTUN_COLLECT_METADATA);
      return;
    }
    body.u32(c.IFLA_IPTUN_LINK, dev === undefined ? 0 : names.index(dev));
    writeTunnel6(body, options, ATTRIBUTES);
  },
};
