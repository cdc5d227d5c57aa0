import { readU16 } from "./bytes.ts";
import { ICMP, type IcmpMessage } from "./icmp.ts";
import { ICMPV6, type Icmpv6Message } from "./icmpv6.ts";
import type { IPHeader } from "./ip.ts";
import { IPPROTO } from "./protocol.ts";

export function describeIcmp(icmp: IcmpMessage, length: number): string {
  return `ICMP ${icmpText(icmp)}, length ${length}`;
}

function icmpText(icmp: IcmpMessage): string {
  switch (icmp.type) {
    case ICMP.ECHO:
    case ICMP.ECHOREPLY:
      return `${icmp.name}, id ${icmp.identifier}, seq ${icmp.sequence}`;
    case ICMP.DEST_UNREACH:
      return unreachable(icmp);
    case ICMP.REDIRECT:
      return redirect(icmp);
    case ICMP.TIME_EXCEEDED:
      if (icmp.code === 0) return "time exceeded in-transit";
      if (icmp.code === 1) return "ip reassembly time exceeded";
      return `time exceeded-#${icmp.code}`;
    case ICMP.PARAMETERPROB:
      return icmp.code
        ? `parameter problem - code ${icmp.code}`
        : `parameter problem - octet ${icmp.pointer}`;
    case ICMP.TIMESTAMP:
      return `time stamp query id ${icmp.identifier} seq ${icmp.sequence}`;
    case ICMP.TIMESTAMPREPLY:
      return `time stamp reply id ${icmp.identifier} seq ${icmp.sequence}`;
    case ICMP.SOURCE_QUENCH:
    case ICMP.ROUTER_ADVERTISEMENT:
    case ICMP.ROUTER_SOLICITATION:
      return icmp.name;
    default:
      return `type-#${icmp.type}`;
  }
}

// What cannot be reached, by code; D is the destination of the packet quoted.
const UNREACHABLE = [
  "net D unreachable",
  "host D unreachable",
  "D protocol P unreachable",
  "D port unreachable",
  "D unreachable - need to frag",
  "D unreachable - source route failed",
  "net D unreachable - unknown",
  "host D unreachable - unknown",
  "D unreachable - source host isolated",
  "net D unreachable - admin prohibited",
  "host D unreachable - admin prohibited",
  "net D unreachable - tos prohibited",
  "host D unreachable - tos prohibited",
  "host D unreachable - admin prohibited filter",
  "host D unreachable - host precedence violation",
  "host D unreachable - precedence cutoff",
];

function unreachable(icmp: IcmpMessage): string {
  const { code } = icmp;
  const quoted = icmp.quoted();
  if (quoted.malformed !== undefined) return `unreachable-#${code}`;
  if (code === 3) {
    const port = quotedPort(quoted, "protocol");
    if (port) return `${quoted.destination} ${port} unreachable`;
  }
  const mtu = code === 4 && icmp.mtu > 0 ? ` (mtu ${icmp.mtu})` : "";
  const text = UNREACHABLE[code] ?? `D unreachable - #${code}`;
  return text.replace(/\bD\b/, quoted.destination)
    .replace(/\bP\b/, String(quoted.protocol)) + mtu;
}

function redirect(icmp: IcmpMessage): string {
  const { code } = icmp;
  const quoted = icmp.quoted();
  if (code > 3 || quoted.malformed !== undefined) return `redirect-#${code}`;
  const what = code & 1 ? "host" : "net";
  const how = code & 2 ? "redirect-tos" : "redirect";
  return `${how} ${quoted.destination} to ${what} ${icmp.gateway}`;
}

/** The destination port of a packet of which only the beginning is there. */
function quotedPort(quoted: IPHeader, other: string): string | undefined {
  const at = quoted.payloadOffset;
  if (at + 4 > quoted.payloadEnd) return undefined;
  const port = readU16(quoted.bytes, at + 2);
  switch (quoted.protocol) {
    case IPPROTO.TCP:
      return `tcp port ${port}`;
    case IPPROTO.UDP:
      return `udp port ${port}`;
    default:
      return `${other} ${quoted.protocol} port ${port}`;
  }
}

export function describeIcmpv6(icmp: Icmpv6Message, length: number): string {
  return `ICMP6, ${icmpv6Text(icmp)}, length ${length}`;
}

function icmpv6Text(icmp: Icmpv6Message): string {
  const { type, name } = icmp;
  switch (type) {
    case ICMPV6.ECHO_REQUEST:
    case ICMPV6.ECHO_REPLY:
      return `${name}, id ${icmp.identifier}, seq ${icmp.sequence}`;
    case ICMPV6.NDISC_NEIGHBOUR_SOLICITATION:
      return `${name}, who has ${icmp.target}`;
    case ICMPV6.NDISC_NEIGHBOUR_ADVERTISEMENT:
      return `${name}, tgt is ${icmp.target}`;
    case ICMPV6.NDISC_REDIRECT:
      return `${name}, ${icmp.redirected} to ${icmp.target}`;
    case ICMPV6.PKT_TOOBIG:
      return `${name}, mtu ${icmp.mtu}`;
    case ICMPV6.DEST_UNREACH:
      return `${name}, ${unreachable6(icmp)}`;
    case ICMPV6.TIME_EXCEED:
      return `${name} ${timeExceeded6(icmp)}`;
    case ICMPV6.PARAMPROB:
      return `${name}, ${parameterProblem6(icmp)}`;
    case ICMPV6.MGM_QUERY:
      // Version 2 has more fields behind the address (RFC 3810 section 8.1).
      if (icmp.payloadEnd - icmp.offset > 24) {
        return `${name} v2 [gaddr ${icmp.target}]`;
      }
      return `${name}max resp delay: ${icmp.identifier} addr: ${icmp.target}`;
    case ICMPV6.MGM_REPORT:
    case ICMPV6.MGM_REDUCTION:
      return `${name}max resp delay: ${icmp.identifier} addr: ${icmp.target}`;
    case ICMPV6.MLD2_REPORT:
      return `${name}, ${icmp.sequence} group record(s)`;
    case ICMPV6.NDISC_ROUTER_SOLICITATION:
    case ICMPV6.NDISC_ROUTER_ADVERTISEMENT:
      return name;
    default:
      return `unknown icmp6 type (${type})`;
  }
}

const UNREACHABLE6 = [
  "unreachable route D",
  " unreachable prohibited D",
  "beyond scope D, source address S",
  "unreachable address D",
];

function unreachable6(icmp: Icmpv6Message): string {
  const { code } = icmp;
  const quoted = icmp.quoted();
  if (quoted.malformed !== undefined) return `unreach code (${code})`;
  if (code === 4) {
    const port = quotedPort(quoted, "protocol");
    return `unreachable port, ${quoted.destination} ${port ?? ""}`;
  }
  return UNREACHABLE6[code]?.replace(/\bD\b/, quoted.destination)
    .replace(/\bS\b/, quoted.source) ?? `unknown unreach code (${code})`;
}

function timeExceeded6(icmp: Icmpv6Message): string {
  if (icmp.code === 1) return "in-transit (reassembly)";
  const quoted = icmp.quoted();
  return quoted.malformed === undefined
    ? `in-transit for ${quoted.destination}`
    : "in-transit";
}

function parameterProblem6(icmp: Icmpv6Message): string {
  const what = [
    "erroneous",
    "next header",
    "option",
    "incomplete header chain",
  ][icmp.code];
  return what ? `${what} - octet ${icmp.pointer}` : `code-#${icmp.code}`;
}
