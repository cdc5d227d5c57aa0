import { ArgumentError } from "../errors.ts";
import { formatIPv4, formatIPv6 } from "../net/ip_address.ts";
import {
  hexNumber,
  type RawOption,
  readU16,
  readU32,
  writeU32,
} from "./bytes.ts";
import { checkLength, checkNumber } from "./field_check.ts";

/** The fields of a TCP option. Source: RFC 9293 section 3.2, RFC 7323, RFC 2018. */
export type TcpOptionFields =
  | { readonly name: "eol" | "nop" | "sackOK" }
  | { readonly name: "mss" | "wscale"; readonly value: number }
  | {
    readonly name: "sack";
    readonly blocks: readonly (readonly [start: number, end: number])[];
  }
  | { readonly name: "TS"; readonly value: number; readonly echo: number }
  | {
    readonly name: "mptcp";
    /** The subtype (upper four bits) and all that follows: RFC 8684. */
    readonly data: Uint8Array;
  }
  | {
    readonly name: "tfo";
    /** Empty in a request: RFC 7413. */
    readonly cookie: Uint8Array;
  }
  | {
    readonly name: "md5";
    /** 16 bytes: RFC 2385. */
    readonly digest: Uint8Array;
  }
  | {
    readonly name: "unknown";
    readonly kind: number;
    readonly data: Uint8Array;
  };

/** A TCP option and its position, identified by `name`. */
export type TcpOption = RawOption & TcpOptionFields;

export function decodeTcpOption(
  bytes: Uint8Array,
  option: RawOption,
): TcpOption {
  const { kind, length } = option;
  const data = option.offset + 2;
  // An unexpected length makes the option unknown.
  switch (kind << 8 | length) {
    case 0x0001:
      return { ...option, name: "eol" };
    case 0x0101:
      return { ...option, name: "nop" };
    case 0x0204:
      return { ...option, name: "mss", value: readU16(bytes, data) };
    case 0x0303:
      return { ...option, name: "wscale", value: bytes[data]! };
    case 0x0402:
      return { ...option, name: "sackOK" };
    case 0x080a:
      return {
        ...option,
        name: "TS",
        value: readU32(bytes, data),
        echo: readU32(bytes, data + 4),
      };
  }
  if (kind === 5 && (length - 2) % 8 === 0) {
    const blocks: [number, number][] = [];
    for (let at = data; at < option.offset + length; at += 8) {
      blocks.push([readU32(bytes, at), readU32(bytes, at + 4)]);
    }
    return { ...option, name: "sack", blocks };
  }
  const rest = bytes.subarray(data, option.offset + length);
  switch (kind) {
    case KINDS.mptcp:
      if (length < 3) break;
      return { ...option, name: "mptcp", data: rest };
    case KINDS.tfo:
      // An empty cookie is a request; others have 4 to 16 bytes.
      if (length !== 2 && (length < 6 || length > 18)) break;
      return { ...option, name: "tfo", cookie: rest };
    case KINDS.md5:
      if (length !== 18) break;
      return { ...option, name: "md5", digest: rest };
  }
  return { ...option, name: "unknown", data: rest };
}

/**
 * Encodes TCP options for a header.
 *
 * @param options The options in order.
 * @returns Their bytes, filled up with end-of-list to a multiple of 4.
 * @throws {ArgumentError} if a number does not fit its field, or the options
 * have more than the 40 bytes of a header.
 *
 * Source: RFC 9293 section 3.2, RFC 7323, RFC 2018.
 *
 * @example
 * ```ts
 * import { headers } from "@netplumb/netplumb";
 *
 * const bytes = headers.encodeTcpOptions([{ name: "mss", value: 1460 }]);
 * console.log(bytes.toHex()); // 020405b4
 * ```
 */
export function encodeTcpOptions(
  options: readonly TcpOptionFields[],
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(40);
  let at = 0;
  for (const option of options) {
    const data = optionData(option);
    const isUnknown = option.name === "unknown";
    const kind = isUnknown ? option.kind : KINDS[option.name];
    checkNumber("kind", kind, 0xff);
    if (isUnknown && kind < 2) {
      throw new ArgumentError("kind", kind, "a number from 2 to 255");
    }
    const length = kind < 2 ? 1 : 2 + data.length;
    if (at + length > bytes.length) {
      throw new ArgumentError(
        "options",
        `${at + length} bytes`,
        "at most 40 bytes",
      );
    }
    bytes[at] = kind;
    if (kind >= 2) bytes[at + 1] = length;
    bytes.set(data, at + 2 - Number(kind < 2));
    at += length;
  }
  return bytes.slice(0, (at + 3) & ~3);
}

const KINDS = {
  eol: 0,
  nop: 1,
  mss: 2,
  wscale: 3,
  sackOK: 4,
  sack: 5,
  TS: 8,
  md5: 19,
  mptcp: 30,
  tfo: 34,
} as const;

const NO_DATA = new Uint8Array(0);

/** What follows the kind and the length. */
function optionData(option: TcpOptionFields): Uint8Array {
  switch (option.name) {
    case "mss":
      checkNumber("mss", option.value, 0xffff);
      return new Uint8Array([option.value >> 8, option.value]);
    case "wscale":
      checkNumber("wscale", option.value, 0xff);
      return new Uint8Array([option.value]);
    case "TS":
      return words32([option.value, option.echo], "TS");
    case "sack":
      return words32(option.blocks.flat(), "sack");
    case "md5":
      checkLength("digest", option.digest, 16);
      return option.digest;
    case "tfo":
      if (option.cookie.length !== 0) {
        checkNumber("cookie.length - 4", option.cookie.length - 4, 12);
      }
      return option.cookie;
    case "mptcp":
    case "unknown":
      return option.data;
    default:
      return NO_DATA;
  }
}

function words32(values: readonly number[], name: string): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  values.forEach((value, i) => {
    checkNumber(name, value, 0xffffffff);
    writeU32(bytes, i * 4, value);
  });
  return bytes;
}

/** A TCP option in tcpdump's format. */
export function formatTcpOption(option: TcpOptionFields): string {
  switch (option.name) {
    case "mss":
    case "wscale":
      return `${option.name} ${option.value}`;
    case "TS":
      return `TS val ${option.value} ecr ${option.echo}`;
    case "sack":
      return `sack ${option.blocks.length} ${
        option.blocks.map(([start, end]) => `{${start}:${end}}`).join("")
      }`;
    case "mptcp":
      return formatMptcp(option.data);
    case "tfo":
      return option.cookie.length === 0
        ? "tfo  cookiereq"
        : `tfo  cookie ${option.cookie.toHex()}`;
    case "md5":
      return `md5 shared secret not supplied with -M, can't check - ${option.digest.toHex()}`;
    case "unknown": {
      const data = option.data.length > 0 ? ` 0x${option.data.toHex()}` : "";
      return `unknown-${option.kind}${data}`;
    }
    default:
      return option.name;
  }
}

const MPTCP_NAMES = [
  "capable",
  "join",
  "dss",
  "add-addr",
  "rem-addr",
  "prio",
  "fail",
  "fast-close",
];

/** An MPTCP option: `data` starts with the subtype. Source: RFC 8684. */
function formatMptcp(data: Uint8Array): string {
  const subtype = data[0]! >> 4;
  const name = MPTCP_NAMES[subtype] ?? "unknown";
  const fields = MPTCP_FIELDS[subtype]?.(data) ?? "";
  return `mptcp ${data.length + 2} ${name}${fields}`;
}

/** What follows the name, by subtype; `undefined` if the length is wrong. */
const MPTCP_FIELDS: ((data: Uint8Array) => string | undefined)[] = [
  capable,
  join,
  sequenceSignal,
  addAddress,
  (data) => data.length < 2 ? undefined : ` id ${data.subarray(1).join(" ")}`,
  (data) =>
    (data[0]! & 1 ? " backup" : " non-backup") +
    (data.length > 1 ? ` id ${data[1]}` : ""),
  (data) => data.length === 10 ? ` seq ${decimal64(data, 2)}` : undefined,
  (data) => data.length === 10 ? ` key ${hex64(data, 2)}` : undefined,
];

function capable(data: Uint8Array): string | undefined {
  const { length } = data;
  if (length < 2 || length > 2 && length < 10) return undefined;
  const checksum = data[1]! & 0x80 ? " csum" : "";
  const sender = length >= 10 ? hex64(data, 2) : "";
  const receiver = length >= 18 ? `,${hex64(data, 10)}` : "";
  const keys = sender ? ` {${sender}${receiver}}` : "";
  return ` v${data[0]! & 15}${checksum}${keys}`;
}

function join(data: Uint8Array): string | undefined {
  const { length } = data;
  if (length === 22) return ` hmac 0x${data.subarray(2).toHex()}`;
  if (length !== 10 && length !== 14) return undefined;
  const backup = data[0]! & 1 ? " backup" : "";
  const proof = length === 10
    ? `token ${hexNumber(readU32(data, 2))}`
    : `hmac ${hex64(data, 2)}`;
  const nonce = hexNumber(readU32(data, length - 4));
  return `${backup} id ${data[1]} ${proof} nonce ${nonce}`;
}

/** Data sequence signal: RFC 8684 section 3.3. */
function sequenceSignal(data: Uint8Array): string | undefined {
  if (data.length < 2) return undefined;
  const flags = data[1]!;
  let text = flags & 0x10 ? " fin" : "";
  let at = 2;
  for (
    const [present, long, name] of [[1, 2, "ack"], [4, 8, "seq"]] as const
  ) {
    if ((flags & present) === 0) continue;
    const size = flags & long ? 8 : 4;
    if (at + size > data.length) return undefined;
    const value = size === 8 ? decimal64(data, at) : readU32(data, at);
    text += ` ${name} ${value}`;
    at += size;
  }
  if ((flags & 4) === 0) return text;
  if (at + 6 > data.length) return undefined;
  text += ` subseq ${readU32(data, at)} len ${readU16(data, at + 4)}`;
  return at + 8 <= data.length
    ? `${text} csum ${hexNumber(readU16(data, at + 6))}`
    : text;
}

const VERSIONS: Record<number, string> = {
  0: "v1",
  1: "v1-echo",
  4: "v0-ip4",
  6: "v0-ip6",
};

/** An address is announced with a truncated HMAC in version 1. */
function addAddress(data: Uint8Array): string | undefined {
  const { length } = data;
  if (length < 6) return undefined;
  const family = data[0]! & 15;
  // Address, port and HMAC have lengths that only one combination gives.
  const size = length >= 18 ? 16 : 4;
  const tail = length - 2 - size;
  if (![0, 2, 8, 10].includes(tail)) return undefined;
  const version = VERSIONS[family] ?? "[bad version/echo]";
  const address = size === 4 ? formatIPv4(data, 2) : formatIPv6(data, 2);
  const port = tail === 2 || tail === 10 ? `:${readU16(data, 2 + size)}` : "";
  const hmac = tail >= 8 ? ` hmac ${hex64(data, length - 8)}` : "";
  return ` ${version} id ${data[1]} ${address}${port}${hmac}`;
}

function big64(bytes: Uint8Array, at: number): bigint {
  return BigInt(readU32(bytes, at)) << 32n | BigInt(readU32(bytes, at + 4));
}

function decimal64(bytes: Uint8Array, at: number): string {
  return String(big64(bytes, at));
}

function hex64(bytes: Uint8Array, at: number): string {
  return `0x${big64(bytes, at).toString(16)}`;
}
