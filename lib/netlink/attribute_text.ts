// Strings in attributes, with a cache: most are names of interfaces and kinds,
// which the next message or dump repeats.

const decoder = new TextDecoder();

/** Words of a name: IFNAMSIZ. */
const WORDS = 4;
/** Cached names, a power of two, and its logarithm. */
const SLOTS = 4096;
const SLOT_BITS = 12;
/** Words of a cache key: the length and the words of a name. */
const KEY = 1 + WORDS;

let keys: Int32Array | undefined;
let names: string[] = [];

/**
 * The text in `[at, at + length)` up to its first NUL, if it has one.
 *
 * @param words The memory that `bytes` are, as words.
 * @param at A multiple of 4.
 */
export function attributeText(
  words: Int32Array,
  bytes: Uint8Array,
  at: number,
  length: number,
): string {
  if (length > 4 * WORDS) return decode(bytes, at, length);
  if (keys === undefined) {
    keys = new Int32Array(KEY * SLOTS);
    names = new Array<string>(SLOTS).fill("");
  }
  const word = at >> 2;
  // Bytes after the end are padding; if they differ, the cache only misses.
  const a = length > 0 ? words[word]! : 0;
  const b = length > 4 ? words[word + 1]! : 0;
  const c = length > 8 ? words[word + 2]! : 0;
  const d = length > 12 ? words[word + 3]! : 0;
  const slot = Math.imul(
    a ^ Math.imul(b, 0x2c1b3c6d) ^ Math.imul(c, 0x297a2d39) ^ d,
    0x9e3779b1,
  ) >>> 32 - SLOT_BITS;
  const key = KEY * slot;
  if (
    keys[key] !== length || keys[key + 1] !== a || keys[key + 2] !== b ||
    keys[key + 3] !== c || keys[key + 4] !== d
  ) {
    names[slot] = decode(bytes, at, length);
    keys[key] = length;
    keys[key + 1] = a;
    keys[key + 2] = b;
    keys[key + 3] = c;
    keys[key + 4] = d;
  }
  return names[slot]!;
}

function decode(bytes: Uint8Array, at: number, length: number): string {
  const limit = at + length;
  let end = at;
  let ascii = 0;
  while (end < limit && bytes[end] !== 0) ascii |= bytes[end++]!;
  if (ascii > 0x7f || end - at > 24) {
    return decoder.decode(bytes.subarray(at, end));
  }
  return asciiText(bytes, at, end);
}

/** Short ASCII text, four characters at a time: each concatenation allocates. */
function asciiText(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  let at = start;
  for (; end - at >= 4; at += 4) {
    text += String.fromCharCode(
      bytes[at]!,
      bytes[at + 1]!,
      bytes[at + 2]!,
      bytes[at + 3]!,
    );
  }
  for (; at < end; at++) text += String.fromCharCode(bytes[at]!);
  return text;
}
