// IP socket addresses: endpoints to and from sockaddr_in and sockaddr_in6. An
// IPv4 address on an AF_INET6 socket is written mapped and read unmapped.

import {
  sockaddr_in as in4,
  sockaddr_in6 as in6,
} from "../../ffi/uapi/netinet_in.ts";
import { AF_INET, AF_INET6 } from "../../ffi/uapi/sys_socket.ts";
import {
  formatIPv4,
  formatIPv6,
  isLinkLocal,
  isMapped,
  parseAddress,
  toMapped,
} from "../net/ip_address.ts";
import { ArgumentError } from "../errors.ts";
import { interfaceIndexOf } from "../net/interface_index.ts";
import type { Family } from "./option.ts";

/** An IP address and port. */
export interface Endpoint {
  /** An IPv4 or IPv6 address; an IPv4-mapped one is read as IPv4. */
  readonly address: string;
  /** 0 to 65535. */
  readonly port: number;
  /** The interface index (scope id) of a link-local IPv6 address. */
  readonly scope?: number;
}

export const SOCKADDR_SIZE = in6.size;
const MAPPED_AT = in6.fields.sin6_addr.offset + 12;
const V6_AT = in6.fields.sin6_addr.offset;
const V4_AT = in4.fields.sin_addr.offset;
const PORT_AT = in4.fields.sin_port.offset;

/** Checks a port number. @throws {ArgumentError} */
export function checkPort(port: number, argument = "port"): number {
  if (Number.isInteger(port) && port >= 0 && port <= 65535) return port;
  throw new ArgumentError(argument, port, "a whole number from 0 to 65535");
}

/** A parsed endpoint, for `writeSockaddr`. */
export interface ParsedEndpoint {
  readonly address: Uint8Array<ArrayBuffer>;
  readonly port: number;
  readonly scope: number;
}

/**
 * Parses an endpoint for a socket; a zone is an interface in its namespace.
 *
 * @throws {ArgumentError} For an invalid address, port or scope, or one of an IP
 * version that the socket does not speak.
 */
export function parseEndpoint(
  endpoint: Endpoint,
  { fd, family }: { readonly fd: number; readonly family: Family },
): ParsedEndpoint {
  const { address, zone } = parseAddress(endpoint.address);
  const port = checkPort(endpoint.port);
  const version = address.length === 4 || isMapped(address) ? "IPv4" : "IPv6";
  if (family !== "dual" && family !== version.toLowerCase()) {
    const other = version === "IPv4" ? "IPv6" : "IPv4";
    throw new ArgumentError(
      "address",
      endpoint.address,
      `an ${other} address, and this is an ${other} socket`,
    );
  }
  return {
    address,
    port,
    scope: interfaceIndexOf(fd, zone ?? endpoint.scope ?? 0),
  };
}

/**
 * Writes the sockaddr for a socket of a domain, AF_INET or AF_INET6; returns its
 * length.
 */
export function writeSockaddr(
  view: DataView,
  at: number,
  domain: number,
  { address, port, scope }: ParsedEndpoint,
): number {
  // Field by field: an object with the values would be garbage of each message.
  if (domain === AF_INET) {
    view.setUint16(at, AF_INET, true);
    view.setUint16(at + PORT_AT, port);
    const from = address.length - 4;
    for (let i = 0; i < 4; i++) {
      view.setUint8(at + V4_AT + i, address[from + i]!);
    }
    return in4.size;
  }
  in6.assign(view, at, {
    sin6_family: AF_INET6,
    sin6_port: port,
    sin6_flowinfo: 0,
    sin6_addr: address.length === 4 ? toMapped(address) : address,
    sin6_scope_id: scope,
  });
  return in6.size;
}

const NAME = new Uint8Array(SOCKADDR_SIZE);
const NAME_VIEW = new DataView(NAME.buffer);

/** A sockaddr for a socket of a domain; valid until the next call. */
export function buildSockaddr(
  domain: number,
  endpoint: ParsedEndpoint,
): Uint8Array<ArrayBuffer> {
  return NAME.subarray(0, writeSockaddr(NAME_VIEW, 0, domain, endpoint));
}

/** Whether a sockaddr holds an IPv4 address, mapped or not. */
export function isIPv4Peer(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === AF_INET || isMapped(bytes, at + V6_AT);
}

/** The port of a sockaddr of either family. */
export function sockaddrPort(bytes: Uint8Array, at: number): number {
  return bytes[at + 2]! << 8 | bytes[at + 3]!;
}

/** Reads a sockaddr of either family; undefined for any other. */
export function readSockaddr(
  view: DataView,
  at: number,
  bytes: Uint8Array = new Uint8Array(view.buffer, view.byteOffset),
): Endpoint | undefined {
  const family = bytes[at]! | bytes[at + 1]! << 8;
  const port = sockaddrPort(bytes, at);
  if (family === AF_INET) {
    return { address: formatIPv4(bytes, at + V4_AT), port };
  }
  if (family !== AF_INET6) return undefined;
  if (isMapped(bytes, at + V6_AT)) {
    return { address: formatIPv4(bytes, at + MAPPED_AT), port };
  }
  const address = formatIPv6(bytes, at + V6_AT);
  const scope = in6.fields.sin6_scope_id.get(view, at);
  if (scope === 0) return { address, port };
  const six = bytes.subarray(at + V6_AT, at + V6_AT + 16);
  return isLinkLocal(six) || six[0] === 0xff
    ? { address, port, scope }
    : { address, port };
}

/** "192.0.2.1:53", "[2001:db8::1]:53". */
export function formatEndpoint({ address, port, scope }: Endpoint): string {
  const host = scope === undefined ? address : `${address}%${scope}`;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
