// Selects the protocol of a TCP segment or UDP datagram by port; decodes the
// start of NTP (RFC 5905 section 7.3) and HTTP (RFC 9112).

import { type Malformed, printable, tooShort } from "./bytes.ts";
import type { TcpHeader } from "./tcp.ts";
import type { UdpHeader } from "./udp.ts";

/** A protocol over TCP or UDP that is decoded. */
export type Application =
  | "dns"
  | "mdns"
  | "dhcp"
  | "dhcpv6"
  | "ntp"
  | "esp"
  | "vxlan"
  | "geneve"
  | "http"
  | "bgp";

/** The protocol of a datagram, undefined if its ports are of no decoded one. */
export function udpApplication(udp: UdpHeader): Application | undefined {
  return byUdpPort(udp.sourcePort) ?? byUdpPort(udp.destinationPort);
}

function byUdpPort(port: number): Application | undefined {
  switch (port) {
    case 53:
      return "dns";
    case 67:
    case 68:
      return "dhcp";
    case 123:
      return "ntp";
    case 546:
    case 547:
      return "dhcpv6";
    case 4789:
    // Linux's default.
    case 8472:
      return "vxlan";
    case 4500:
      return "esp";
    case 5353:
      return "mdns";
    case 6081:
      return "geneve";
    default:
      return undefined;
  }
}

/** The protocol of a segment, undefined if its ports are of no decoded one. */
export function tcpApplication(tcp: TcpHeader): Application | undefined {
  return byTcpPort(tcp.sourcePort) ?? byTcpPort(tcp.destinationPort);
}

function byTcpPort(port: number): Application | undefined {
  switch (port) {
    case 53:
      return "dns";
    case 80:
    case 8080:
      return "http";
    case 179:
      return "bgp";
    default:
      return undefined;
  }
}

const NTP_MODES = [
  "unspecified",
  "symmetric active",
  "symmetric passive",
  "Client",
  "Server",
  "Broadcast",
  "Control Message",
  "Reserved",
];

/** The version and mode of an NTP message. */
export interface NtpMessage {
  /** Always undefined; distinguishes a message from {@link Malformed}. */
  readonly malformed?: undefined;
  /** 1 to 4. */
  readonly version: number;
  /** For example `Client`. */
  readonly mode: string;
}

/** Decodes the first byte of an NTP message. */
export function decodeNtp(
  bytes: Uint8Array,
  offset: number,
  end: number,
): NtpMessage | Malformed {
  if (offset >= end) return tooShort("NTP message", 48, 0);
  const first = bytes[offset]!;
  return { version: first >> 3 & 7, mode: NTP_MODES[first & 7]! };
}

/** An NTP message in tcpdump's format. */
export function describeNtp(ntp: NtpMessage, length: number): string {
  return `NTPv${ntp.version}, ${ntp.mode}, length ${length}`;
}

const HTTP_START =
  /^(?:(?:GET|HEAD|POST|PUT|DELETE|OPTIONS|TRACE|CONNECT|PATCH) |HTTP\/\d)/;

/** Bytes that are searched for the end of the first line. */
const MAX_LINE = 2048;

/** The first line of an HTTP message, undefined if no message starts here. */
export function httpStartLine(
  bytes: Uint8Array,
  start: number,
  end: number,
): { line: string; complete: boolean } | undefined {
  const stop = Math.min(end, start + MAX_LINE);
  let at = start;
  while (at < stop && bytes[at]! >= 0x20 && bytes[at]! < 0x7f) at++;
  const line = printable(bytes, start, at);
  const complete = at < stop && (bytes[at] === 0x0d || bytes[at] === 0x0a);
  if (!HTTP_START.test(line) || !complete && at < stop) return undefined;
  return { line, complete };
}

/** What follows the length of a TCP segment from or to a port of HTTP. */
export function describeHttp(
  bytes: Uint8Array,
  start: number,
  end: number,
): string {
  const found = httpStartLine(bytes, start, end);
  if (found === undefined) return ": HTTP";
  return `: HTTP: ${found.line}${found.complete ? "" : " [|http]"}`;
}
