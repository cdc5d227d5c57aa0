// Routing protocols by name: OSPF, PIM and VRRP, without their contents.

import { readU16 } from "./bytes.ts";
import { IPPROTO } from "./protocol.ts";

/**
 * The kind of a routing protocol's message. Source: RFC 2328, RFC 5340,
 * RFC 7761, RFC 5798.
 */
export interface RoutingMessage {
  /** The version of the protocol. */
  readonly version: number;
  /** The number of the message. */
  readonly type: number;
  /** Its name, for example `Hello`. */
  readonly name: string;
  /** VRRP: the virtual router. */
  readonly virtualRouter?: number;
  /** VRRP: the priority of the sender. */
  readonly priority?: number;
  /** VRRP: the interval, in seconds in version 2, else in centiseconds. */
  readonly interval?: number;
  /** VRRP version 2: the kind of authentication. */
  readonly authentication?: string;
}

// From type 1 on.
const OSPF = [
  "Hello",
  "Database Description",
  "LS-Request",
  "LS-Update",
  "LS-Ack",
];

const PIM = [
  "Hello",
  "Register",
  "Register Stop",
  "Join / Prune",
  "Bootstrap",
  "Assert",
  "Graft",
  "Graft Acknowledgement",
  "Candidate RP Advertisement",
  "Prune Refresh",
  "DF Election",
  "ECMP Redirect",
];

const VRRP_AUTHENTICATION = ["none", "simple", "ah"];

/** The kind of an OSPF, PIM or VRRP message; undefined for other protocols. */
export function decodeRoutingMessage(
  protocol: number,
  bytes: Uint8Array,
  at: number,
  end: number,
): RoutingMessage | undefined {
  switch (protocol) {
    case IPPROTO.OSPF: {
      if (end - at < 2) return undefined;
      const type = bytes[at + 1]!;
      const name = OSPF[type - 1] ?? String(type);
      return { version: bytes[at]!, type, name };
    }
    case IPPROTO.PIM: {
      if (end - at < 2) return undefined;
      const version = bytes[at]! >> 4;
      const type = version === 2 ? bytes[at]! & 15 : bytes[at + 1]!;
      const name = version === 2 ? PIM[type] ?? "Unknown Type" : String(type);
      return { version, type, name };
    }
    case IPPROTO.VRRP: {
      if (end - at < 8) return undefined;
      const version = bytes[at]! >> 4;
      const type = bytes[at]! & 15;
      const name = type === 1 ? "Advertisement" : String(type);
      const router = {
        version,
        type,
        name,
        virtualRouter: bytes[at + 1]!,
        priority: bytes[at + 2]!,
      };
      return version === 2
        ? {
          ...router,
          interval: bytes[at + 5]!,
          authentication: VRRP_AUTHENTICATION[bytes[at + 4]!] ??
            String(bytes[at + 4]),
        }
        : { ...router, interval: readU16(bytes, at + 4) & 0xfff };
    }
    default:
      return undefined;
  }
}

/** A routing protocol's message in tcpdump's format. */
export function describeRoutingMessage(
  protocol: number,
  message: RoutingMessage,
  length: number,
  ttl: number,
): string {
  const { version, type, name } = message;
  switch (protocol) {
    case IPPROTO.OSPF: {
      const known = OSPF[type - 1] ??
        (version === 2
          ? `unknown LS-type ${type}`
          : `unknown packet type (${type})`);
      return `OSPFv${version}, ${known}, length ${length}`;
    }
    case IPPROTO.PIM:
      return version === 2
        ? `PIMv2, ${name}, length ${length}`
        : `PIMv${version}, length ${length}`;
    default: {
      const hops = ttl === 255 ? "" : `, (ttl ${ttl})`;
      if (type !== 1) return `VRRPv${version}, unknown type (${type})${hops}`;
      const { virtualRouter, priority, interval, authentication } = message;
      const details = version === 2
        ? `authtype ${authentication}, intvl ${interval}s`
        : `intvl ${interval}cs`;
      return `VRRPv${version}, ${name}${hops}, vrid ${virtualRouter}, prio ${priority}, ${details}, length ${length}`;
    }
  }
}
