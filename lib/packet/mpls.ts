import { type Malformed, readU32, tooShort } from "./bytes.ts";
import { ETH_P } from "./protocol.ts";

/** An entry of an MPLS label stack. Source: RFC 3032, RFC 5462. */
export interface MplsLabel {
  /** 0 to 1048575. */
  readonly label: number;
  /** 0 to 7. */
  readonly trafficClass: number;
  /** Time to live. */
  readonly ttl: number;
}

/**
 * An MPLS label stack, outermost label first. Source: RFC 3032.
 *
 * @example
 * ```ts
 * import { headers } from "@netplumb/netplumb";
 *
 * const stack = headers.decodeMpls(Uint8Array.fromHex("0003e14045"));
 * console.log("labels" in stack && stack.labels[0].label); // 62
 * ```
 */
export interface MplsStack {
  /** Always undefined; distinguishes a stack from {@link Malformed}. */
  readonly malformed?: undefined;
  /** The labels. */
  readonly labels: readonly MplsLabel[];
  /** The EtherType of the payload, as far as label and version show it. */
  readonly payloadType?: number;
  /** Offset of the payload. */
  readonly payloadOffset: number;
}

/**
 * Decodes an MPLS label stack.
 *
 * @param bytes The packet.
 * @param offset Offset of the first label.
 * @param end Offset where decoding stops.
 * @returns The stack, or why the bytes are not one. Source: RFC 3032.
 *
 * @example
 * ```ts
 * import { headers } from "@netplumb/netplumb";
 *
 * console.log(headers.decodeMpls(Uint8Array.fromHex("0003e040")).malformed);
 * // MPLS label stack of 8 bytes, 4 available
 * ```
 */
export function decodeMpls(
  bytes: Uint8Array,
  offset = 0,
  end: number = bytes.length,
): MplsStack | Malformed {
  if (end > bytes.length) end = bytes.length;
  const labels: MplsLabel[] = [];
  let at = offset;
  for (let bottom = false; !bottom; at += 4) {
    if (at + 4 > end) {
      return tooShort("MPLS label stack", at + 4 - offset, end - offset);
    }
    const entry = readU32(bytes, at);
    labels.push({
      label: entry >>> 12,
      trafficClass: entry >> 9 & 7,
      ttl: entry & 0xff,
    });
    bottom = (entry & 0x100) !== 0;
  }
  const payloadType = payloadTypeOf(
    labels[labels.length - 1]!.label,
    at < end ? bytes[at]! >> 4 : 0,
  );
  return payloadType === undefined
    ? { labels, payloadOffset: at }
    : { labels, payloadType, payloadOffset: at };
}

/** Explicit null labels name the payload; others leave it to the receiver. */
function payloadTypeOf(label: number, version: number): number | undefined {
  if (label === 0) return ETH_P.IP;
  if (label === 2) return ETH_P.IPV6;
  if (version === 4) return ETH_P.IP;
  return version === 6 ? ETH_P.IPV6 : undefined;
}

/** An MPLS label stack in tcpdump's format. */
export function describeMpls({ labels }: MplsStack): string {
  let text = "MPLS";
  labels.forEach(({ label, trafficClass, ttl }, i) => {
    const bottom = i === labels.length - 1 ? ", [S]" : "";
    text += ` (label ${label}, tc ${trafficClass}${bottom}, ttl ${ttl})`;
  });
  return text;
}
