import {
  type RawOption,
  readU16,
  readU32,
  writeU16,
  writeU32,
} from "./bytes.ts";

/** What a TCP option says. Source: RFC 9293 section 3.2, RFC 7323, RFC 2018. */
export type TcpOptionFields =
  | { readonly name: "eol" | "nop" | "sackOK" }
  | { readonly name: "mss" | "wscale"; readonly value: number }
  | {
    readonly name: "sack";
    readonly blocks: readonly (readonly [start: number, end: number])[];
  }
  | { readonly name: "TS"; readonly value: number; readonly echo: number }
  | {
    readonly name: "unknown";
    readonly kind: number;
    readonly data: Uint8Array;
  };

/** A TCP option and where it stands; `name` tells which it is. */
export type TcpOption = RawOption & TcpOptionFields;

export function decodeTcpOption(
  bytes: Uint8Array,
  option: RawOption,
): TcpOption {
  const { kind, length } = option;
  const data = option.offset + 2;
  // A length that does not fit the kind makes it unknown, not unreadable.
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
  return {
    ...option,
    name: "unknown",
    data: bytes.subarray(data, option.offset + length),
  };
}

/**
 * Encodes TCP options for a header.
 *
 * @param options The options in order.
 * @returns Their bytes, filled up with end-of-list to a multiple of 4; a header
 * has room for 40. Source: RFC 9293 section 3.2, RFC 7323, RFC 2018.
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
  const length = options.reduce((sum, option) => sum + lengthOf(option), 0);
  const bytes = new Uint8Array((length + 3) & ~3);
  let at = 0;
  for (const option of options) {
    encodeOption(bytes, at, option);
    at += lengthOf(option);
  }
  return bytes;
}

function lengthOf(option: TcpOptionFields): number {
  switch (option.name) {
    case "eol":
    case "nop":
      return 1;
    case "sackOK":
      return 2;
    case "wscale":
      return 3;
    case "mss":
      return 4;
    case "TS":
      return 10;
    case "sack":
      return 2 + option.blocks.length * 8;
    case "unknown":
      return 2 + option.data.length;
  }
}

const KINDS = { eol: 0, nop: 1, mss: 2, wscale: 3, sackOK: 4, sack: 5, TS: 8 };

function encodeOption(
  bytes: Uint8Array,
  at: number,
  option: TcpOptionFields,
): void {
  bytes[at] = option.name === "unknown" ? option.kind : KINDS[option.name];
  const length = lengthOf(option);
  if (length === 1) return;
  bytes[at + 1] = length;
  const data = at + 2;
  switch (option.name) {
    case "mss":
      writeU16(bytes, data, option.value);
      break;
    case "wscale":
      bytes[data] = option.value;
      break;
    case "TS":
      writeU32(bytes, data, option.value);
      writeU32(bytes, data + 4, option.echo);
      break;
    case "sack":
      option.blocks.forEach(([start, end], i) => {
        writeU32(bytes, data + i * 8, start);
        writeU32(bytes, data + i * 8 + 4, end);
      });
      break;
    case "unknown":
      bytes.set(option.data, data);
      break;
  }
}
