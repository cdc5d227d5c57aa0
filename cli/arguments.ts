// Types of the values of arguments and options, checked before any system call.

import {
  type ArgumentValue,
  type TypeHandler,
  ValidationError,
} from "@cliffy/command";
import { isMulticast, parseAddress } from "../lib/net/ip_address.ts";
import { parseCidr, parseNetwork } from "../lib/net/prefix.ts";
import { ArgumentError } from "../lib/errors.ts";
import {
  checkInterfaceName,
  checkInterfacePattern,
} from "../lib/net/interface_name.ts";

function refuse({ name, value }: ArgumentValue, expected: string): never {
  throw new ArgumentError(name, value, expected);
}

/** The cause of a ValidationError: an unknown option in place of an argument. */
export class MistypedOption {
  /** @param typed For example "--prot". */
  constructor(readonly typed: string) {}
}

/** Any text, except text that looks like an option. */
export function word({ label, value }: ArgumentValue): string {
  if (label === "Argument" && /^-./.test(value)) {
    const typed = value.split("=")[0];
    throw new ValidationError(`Unknown option "${typed}".`, {
      cause: new MistypedOption(typed),
    });
  }
  return value;
}

/** A whole number in decimal digits, within bounds. */
export function wholeNumber(
  min: number,
  max: number = Number.MAX_SAFE_INTEGER,
): TypeHandler<number> {
  const expected = max === Number.MAX_SAFE_INTEGER
    ? `a whole number from ${min} up`
    : `a whole number from ${min} to ${max}`;
  return (given) => {
    const number = /^-?\d+$/.test(given.value) ? Number(given.value) : NaN;
    return number >= min && number <= max ? number : refuse(given, expected);
  };
}

/** A port to bind (0 lets the kernel choose). */
export const port: TypeHandler<number> = wholeNumber(0, 65535);

/** A port to send to. */
export const remotePort: TypeHandler<number> = wholeNumber(1, 65535);

/** A count of one or more. */
export const count: TypeHandler<number> = wholeNumber(1);

const UNITS: Record<string, number> = {
  ms: 1,
  "": 1000,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** A time above zero, in seconds or with a unit, as milliseconds. */
export function duration(given: ArgumentValue): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|)$/.exec(given.value) ??
    [];
  const milliseconds = Number(number) * UNITS[unit ?? ""];
  return milliseconds > 0 && milliseconds <= Number.MAX_SAFE_INTEGER
    ? milliseconds
    : refuse(given, "a time such as 5, 0.5, 500ms, 10s, 2m or 1h");
}

const SIZES: Record<string, number> = {
  "": 1,
  B: 1,
  kB: 1000,
  MB: 1000 ** 2,
  GB: 1000 ** 3,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
};

/** A size above zero in bytes, with or without a unit. */
export function byteCount(given: ArgumentValue): number {
  const [, number, unit] =
    /^(\d+(?:\.\d+)?)(B|kB|MB|GB|KiB|MiB|GiB|)$/.exec(given.value) ?? [];
  const bytes = Math.floor(Number(number) * SIZES[unit ?? ""]!);
  return bytes > 0 && bytes <= Number.MAX_SAFE_INTEGER
    ? bytes
    : refuse(given, "a size such as 500000, 500kB, 10MB or 1GiB");
}

/** An IPv4 or IPv6 address, a link-local one with its %zone, as written. */
export function address({ name, value }: ArgumentValue): string {
  parseAddress(value, name);
  return value;
}

/** A multicast group and the interface to join it on. */
export interface GroupOnInterface {
  readonly group: string;
  readonly on: string | undefined;
}

/** A multicast group, with or without its %interface. */
export function multicastGroup(given: ArgumentValue): GroupOnInterface {
  const [group, on] = given.value.split(/%(.*)/s);
  if (!isMulticast(parseAddress(group!, given.name).address)) {
    refuse(given, "a multicast address (224.0.0.0/4 or ff00::/8)");
  }
  if (on !== undefined) checkInterfaceName(on, given.name);
  return { group: group!, on };
}

/** An address or a host name. */
export function host(given: ArgumentValue): string {
  return word(given);
}

/** An address with its prefix length, as written. */
export function cidr({ name, value }: ArgumentValue): string {
  parseCidr(value, name);
  return value;
}

/** A network with its prefix length, as written. */
export function network({ name, value }: ArgumentValue): string {
  parseNetwork(value, name);
  return value;
}

/** Bytes in hexadecimal digits, with spaces or colons between them or without. */
export function hexBytes(given: ArgumentValue): Uint8Array<ArrayBuffer> {
  const digits = given.value.replaceAll(/[\s:]+/g, "");
  return /^([0-9a-f]{2})+$/i.test(digits)
    ? Uint8Array.fromHex(digits)
    : refuse(given, "bytes in hexadecimal digits, such as 0a0b or 0a:0b");
}

/** The name of a network interface, as the kernel allows it. */
export function interfaceName(given: ArgumentValue): string {
  return checkInterfaceName(word(given), given.name);
}

/** A network interface by its name or an alternative name. */
export function linkName(given: ArgumentValue): string {
  const { length } = new TextEncoder().encode(word(given));
  // ALTIFNAMSIZ of linux/if.h, with the NUL.
  return length > 0 && length < 128
    ? given.value
    : refuse(given, "the name of an interface: 1 to 127 bytes");
}

/** An argument of another program; may be an option. */
export function programArgument({ value }: ArgumentValue): string {
  return value;
}

/** The name of an interface, optionally with %d, which the kernel numbers. */
export function interfacePattern(given: ArgumentValue): string {
  return checkInterfacePattern(word(given), given.name);
}

/** A file. */
export function file(given: ArgumentValue): string {
  return word(given) === "" ? refuse(given, "the path of a file") : given.value;
}
