import { formatIPv6 } from "../net/ip_address.ts";
import { formatLinkAddress } from "../net/link_address.ts";
import { readU32 } from "./bytes.ts";

/** Position of a neighbour discovery option. Source: RFC 4861 section 4.6. */
export interface NdOptionPlace {
  /** Its number. */
  readonly type: number;
  /** Where it starts. */
  readonly offset: number;
  /** How many bytes it has, a multiple of 8. */
  readonly length: number;
}

/** A neighbour discovery option, identified by `name`. */
export type NdOption =
  & NdOptionPlace
  & (
    | {
      readonly name: "source link-address" | "destination link-address";
      readonly address: string;
    }
    | {
      readonly name: "prefix info";
      readonly prefix: string;
      readonly onLink: boolean;
      readonly autonomous: boolean;
      /** Seconds; 4294967295 means forever. */
      readonly validLifetime: number;
      /** Seconds; 4294967295 means forever. */
      readonly preferredLifetime: number;
    }
    | { readonly name: "mtu"; readonly mtu: number }
    | {
      readonly name: "rdnss";
      /** Seconds; 4294967295 means forever. */
      readonly lifetime: number;
      readonly addresses: string[];
    }
    | { readonly name: "unknown" }
  );

function decodeNdOption(bytes: Uint8Array, place: NdOptionPlace): NdOption {
  const { type, offset, length } = place;
  switch (type) {
    case 1:
    case 2:
      return {
        ...place,
        name: type === 1 ? "source link-address" : "destination link-address",
        // Longer addresses (InfiniBand) include their padding.
        address: formatLinkAddress(bytes, offset + 2, length - 2),
      };
    case 3:
      if (length !== 32) break;
      return {
        ...place,
        name: "prefix info",
        prefix: `${formatIPv6(bytes, offset + 16)}/${bytes[offset + 2]}`,
        onLink: (bytes[offset + 3]! & 0x80) !== 0,
        autonomous: (bytes[offset + 3]! & 0x40) !== 0,
        validLifetime: readU32(bytes, offset + 4),
        preferredLifetime: readU32(bytes, offset + 8),
      };
    case 5:
      if (length !== 8) break;
      return { ...place, name: "mtu", mtu: readU32(bytes, offset + 4) };
    case 25: { // RFC 8106 section 5.1
      if (length % 16 !== 8) break;
      const addresses: string[] = [];
      for (let at = offset + 8; at < offset + length; at += 16) {
        addresses.push(formatIPv6(bytes, at));
      }
      const lifetime = readU32(bytes, offset + 4);
      return { ...place, name: "rdnss", lifetime, addresses };
    }
  }
  return { ...place, name: "unknown" };
}

/** Walks options of neighbour discovery: a type, a length in units of 8 bytes. */
export function walkNdOptions(
  bytes: Uint8Array,
  start: number,
  end: number,
): { options: NdOption[]; malformed?: string } {
  const options: NdOption[] = [];
  for (let offset = start; offset < end;) {
    const left = end - offset;
    const length = left < 2 ? 0 : bytes[offset + 1]! * 8;
    if (length === 0 || length > left) {
      const type = bytes[offset];
      return {
        options,
        malformed: `option ${type} of ${length} bytes, ${left} left`,
      };
    }
    options.push(
      decodeNdOption(bytes, { type: bytes[offset]!, offset, length }),
    );
    offset += length;
  }
  return { options };
}
