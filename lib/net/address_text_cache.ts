// Cache of addresses as text: tables repeat them, and are read again. Each slot
// holds the last text of its hash, so that it is neither built nor collected again.

import { formatIPv4 } from "./ip_address.ts";
import { formatLinkAddress } from "./link_address.ts";

/** More than the neighbours that Linux keeps by default; a power of two. */
const SLOTS = 8192;

/** The text of each slot and the address it belongs to. */
interface Cache {
  readonly keys: Int32Array;
  readonly texts: string[];
}

// Allocated at first use: programs that read no tables do not need it.
let ipv4: Cache | undefined;
let ethernet: Cache | undefined;

function cache(words: number, text: string): Cache {
  return {
    keys: new Int32Array(words * SLOTS),
    texts: new Array<string>(SLOTS).fill(text),
  };
}

/**
 * The IPv4 address at `at`, a multiple of 4.
 *
 * @param words The same memory as `bytes`, as words.
 */
export function cachedIPv4(
  words: Int32Array,
  bytes: Uint8Array,
  at: number,
): string {
  const { keys, texts } = ipv4 ??= cache(1, "0.0.0.0");
  const key = words[at >> 2]!;
  // The last two bytes differ most, the last one more.
  const slot = (key >>> 24 ^ key >>> 8 & 0xff00 ^ key << 5 ^ key >>> 4) &
    SLOTS - 1;
  if (keys[slot] !== key) {
    texts[slot] = formatIPv4(bytes, at);
    keys[slot] = key;
  }
  return texts[slot]!;
}

/** The Ethernet address at `at`. */
export function cachedEthernet(
  words: Int32Array,
  bytes: Uint8Array,
  at: number,
): string {
  const { keys, texts } = ethernet ??= cache(2, "00:00:00:00:00:00");
  const first = words[at >> 2]!;
  const rest = bytes[at + 4]! << 8 | bytes[at + 5]!;
  const slot = (rest ^ first >>> 19 ^ first >>> 8) & SLOTS - 1;
  if (
    keys[2 * slot] !== first || keys[2 * slot + 1] !== rest
  ) {
    texts[slot] = formatLinkAddress(bytes, at, 6);
    keys[2 * slot] = first;
    keys[2 * slot + 1] = rest;
  }
  return texts[slot]!;
}
