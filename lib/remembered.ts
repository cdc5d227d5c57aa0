// Texts of addresses that are likely to be asked for again, since a table is
// read again or many of its entries share them: the last text for each of some
// hashes is kept, so that it is neither made nor collected again.

import { formatIPv4 } from "./address_format.ts";
import { formatLinkAddress } from "./link_address.ts";

/** Room for more neighbours than Linux keeps by default, a power of two. */
const SLOTS = 8192;

const ipv4Keys = new Int32Array(SLOTS);
let ipv4Texts: string[] | undefined;
const ethernetKeys = new Int32Array(2 * SLOTS);
let ethernetTexts: string[] | undefined;

/**
 * The IPv4 address at `at`, a multiple of 4.
 *
 * @param words The memory that `bytes` are, as words.
 */
export function rememberedIPv4(
  words: Int32Array,
  bytes: Uint8Array,
  at: number,
): string {
  const texts = ipv4Texts ??= new Array<string>(SLOTS).fill("0.0.0.0");
  const key = words[at >> 2];
  // The last two bytes differ most, the last one more.
  const slot = (key >>> 24 ^ key >>> 8 & 0xff00 ^ key << 5 ^ key >>> 4) &
    SLOTS - 1;
  if (ipv4Keys[slot] !== key) {
    texts[slot] = formatIPv4(bytes, at);
    ipv4Keys[slot] = key;
  }
  return texts[slot];
}

/** The Ethernet address at `at`, in the same way. */
export function rememberedEthernet(
  words: Int32Array,
  bytes: Uint8Array,
  at: number,
): string {
  const texts = ethernetTexts ??= new Array<string>(SLOTS)
    .fill("00:00:00:00:00:00");
  const first = words[at >> 2];
  const rest = bytes[at + 4] << 8 | bytes[at + 5];
  const slot = (rest ^ first >>> 19 ^ first >>> 8) & SLOTS - 1;
  if (
    ethernetKeys[2 * slot] !== first || ethernetKeys[2 * slot + 1] !== rest
  ) {
    texts[slot] = formatLinkAddress(bytes, at, 6);
    ethernetKeys[2 * slot] = first;
    ethernetKeys[2 * slot + 1] = rest;
  }
  return texts[slot];
}
