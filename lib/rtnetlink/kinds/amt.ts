// AMT: multicast through networks without multicast. Source: ip-link(8),
// linux/amt.h, RFC 7450.

import * as c from "../../../ffi/uapi/linux_amt.ts";
import {
  address4,
  type Attribute,
  link,
  number,
  type Table,
  word,
} from "../spec/attribute.ts";
import { be16, u32 } from "../spec/codec.ts";
import { type LinkKind, linkKind } from "./kind.ts";

/** Options of an AMT link, with iproute2's keys. Source: ip-link(8). */
export interface AmtOptions {
  /** Gateway of receivers, or relay of sources. */
  readonly mode?: "gateway" | "relay";
  /** UDP port of the gateway. */
  readonly gateway_port?: number;
  /** UDP port of the relay. */
  readonly relay_port?: number;
  /** Local address. */
  readonly local?: string;
  /** Address to discover a relay by; in mode gateway. */
  readonly discovery?: string;
  /** Link to send by. */
  readonly dev?: string | number;
  /** Maximum number of tunnels; in mode relay. */
  readonly max_tunnels?: number;
}

/** What the kernel reports about an AMT link. */
export interface AmtData extends AmtOptions {
  /** Address of the relay that was discovered. */
  readonly remote?: string;
}

const FIXED = { change: "at creation" } as const;

/** An address; iproute2 prints 0.0.0.0 too. */
function end(
  number: number,
  change: "at creation" | "never",
): Attribute<string> {
  const plain = address4(number, { change });
  return {
    ...plain,
    json: plain.json.map(({ read }) => ({
      read: (level) => level.has(number) ? read(level) ?? "0.0.0.0" : undefined,
    })),
  };
}

const table = (): Table<AmtData> => ({
  mode: word(c.IFLA_AMT_MODE, u32, ["gateway", "relay"], FIXED),
  gateway_port: number(c.IFLA_AMT_GATEWAY_PORT, be16, {
    ...FIXED,
    kernelDefault: 2268,
  }),
  relay_port: number(c.IFLA_AMT_RELAY_PORT, be16, {
    ...FIXED,
    kernelDefault: 2268,
  }),
  local: end(c.IFLA_AMT_LOCAL_IP, "at creation"),
  remote: end(c.IFLA_AMT_REMOTE_IP, "never"),
  discovery: end(c.IFLA_AMT_DISCOVERY_IP, "at creation"),
  dev: link(c.IFLA_AMT_LINK, { ...FIXED, key: "link" }),
  max_tunnels: number(c.IFLA_AMT_MAX_TUNNELS, u32, {
    ...FIXED,
    kernelDefault: 128,
  }),
});

export const amt: LinkKind<AmtOptions> = linkKind<AmtOptions, AmtData>(
  "amt",
  table,
  { constants: { of: c, prefix: "IFLA_AMT_" } },
);
