// What a GRE header may hold, over IPv4 and over IPv6. Source: RFC 2784,
// RFC 2890.

import * as c from "../../../../ffi/layout/linux_if_tunnel.ts";
import { isMulticast, parseAddress, tryParseIPv4 } from "../../../address.ts";
import type { AttributeWriter } from "../../../netlink/attribute_writer.ts";
import { type Option, type OptionsOf, toggleBit } from "../option.ts";
import { wholeNumber } from "../value.ts";

/**
 * What stands in the GRE header, by iproute2's words. Those that begin with `i`
 * are for what comes in, with `o` for what goes out.
 */
export interface GreHeaderOptions {
  /** The key of both directions: a number, one written as an address, "none". */
  readonly key?: number | string;
  /** The key of what comes in. */
  readonly ikey?: number | string;
  /** The key of what goes out. */
  readonly okey?: number | string;
  /** Whether packets are numbered, in both directions. */
  readonly seq?: boolean;
  /** Whether what comes in must be. */
  readonly iseq?: boolean;
  /** Whether what goes out is. */
  readonly oseq?: boolean;
  /** Whether packets carry checksums, in both directions. */
  readonly csum?: boolean;
  /** Whether what comes in must. */
  readonly icsum?: boolean;
  /** Whether what goes out does. */
  readonly ocsum?: boolean;
}

const number = wholeNumber(0, 0xffff_ffff);

const key: Option<number | string> = {
  expected: `none, ${number.expected} or an IPv4 address`,
  schema: { anyOf: [number.schema, { type: "string" }] },
  no: "none",
  read: (given) =>
    typeof given === "string" && (given === "none" || tryParseIPv4(given))
      ? given
      : number.read(given),
};

/** How they are read. */
export const GRE_HEADER_OPTIONS: OptionsOf<GreHeaderOptions> = {
  key,
  ikey: key,
  okey: key,
  seq: toggleBit,
  iseq: toggleBit,
  oseq: toggleBit,
  csum: toggleBit,
  icsum: toggleBit,
  ocsum: toggleBit,
};

/** The first four bytes of an address as a number. */
function wordOf(address: string): number {
  const { address: bytes } = parseAddress(address);
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
}

/** A key as it lies in the header: a big-endian number, or an address. */
function keyNumber(key: number | string | undefined): number {
  return typeof key === "string" ? wordOf(key) : key ?? 0;
}

/** One direction's flags and key; what is said of both holds for it too. */
function direction(
  options: GreHeaderOptions,
  side: "i" | "o",
  remote: string | undefined,
) {
  const given = options[`${side}key`] ?? options.key;
  const key = given === "none" ? undefined : given;
  const flags = (key !== undefined ? c.GRE_KEY : 0) |
    (options[`${side}seq`] ?? options.seq ? c.GRE_SEQ : 0) |
    (options[`${side}csum`] ?? options.csum ? c.GRE_CSUM : 0);
  // Who sends to a group is told from other groups by the group's address.
  if (
    keyNumber(key) === 0 && remote !== undefined && isGroup(remote)
  ) return { key: keyNumber(remote), flags: flags | c.GRE_KEY };
  return { key: keyNumber(key), flags };
}

/** Whether an address is one of a multicast group. */
export function isGroup(address: string): boolean {
  return isMulticast(parseAddress(address).address);
}

/**
 * Writes them.
 *
 * @param group The other end, where a group's address stands for a key.
 */
export function writeGreHeader(
  body: AttributeWriter,
  options: GreHeaderOptions,
  group?: string,
): void {
  const [incoming, outgoing] = [
    direction(options, "i", group),
    direction(options, "o", group),
  ];
  body
    .be32(c.IFLA_GRE_IKEY, incoming.key)
    .be32(c.IFLA_GRE_OKEY, outgoing.key)
    .u16(c.IFLA_GRE_IFLAGS, incoming.flags)
    .u16(c.IFLA_GRE_OFLAGS, outgoing.flags);
}
