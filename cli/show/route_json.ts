// Encodes routes as a JSON array. Most routes of a large table differ only in
// the destination: the JSON around it is cached by the rest of the message.

import { RTA_DST, rtmsg } from "../../ffi/uapi/linux_rtnetlink.ts";
import { AF_INET, AF_INET6 } from "../../ffi/uapi/sys_socket.ts";
import { formatIPv4, formatIPv6 } from "../../lib/net/ip_address.ts";
import type { MessageReader } from "../../lib/netlink/message.ts";
import { JsonArray } from "../output/json_array.ts";

/** A previous message, and its JSON before and after the destination. */
interface Cached {
  readonly words: Int32Array;
  /** The index and the number of the destination words. */
  readonly at: number;
  readonly size: number;
  /** Undefined if the route is not shown. */
  readonly text?: { readonly before: Uint8Array; readonly after: Uint8Array };
}

const encoder = new TextEncoder();

const SLOTS = 1024;
/** Words at the end of a message, in which routes of one table differ. */
const TAIL = 6;

/**
 * The bytes of the array, in pieces.
 *
 * @param messages Each with a route.
 * @param format The JSON text of a route; undefined if it is not shown.
 */
export function* routeJson(
  messages: Iterable<MessageReader>,
  format: (message: MessageReader) => string | undefined,
): Generator<Uint8Array<ArrayBuffer>> {
  const array = new JsonArray();
  const slots = new Array<Cached | undefined>(SLOTS);
  for (const message of messages) {
    const slot = hash(message);
    const cached = slots[slot];
    if (cached === undefined || !isLike(message, cached)) {
      const json = format(message);
      slots[slot] = cache(message, json);
      if (json !== undefined) array.add(json);
    } else if (cached.text !== undefined) {
      const { before, after } = cached.text;
      array.addAround(before, destination(message, cached), after);
    }
    if (array.isFull) yield array.take();
  }
  array.end();
  yield array.take();
}

function hash({ words, start, end }: MessageReader): number {
  const last = end >> 2;
  let hash = last - (start >> 2);
  for (let word = Math.max(start >> 2, last - TAIL); word < last; word++) {
    hash = Math.imul(hash ^ words[word], 0x9e3779b1);
    // Gateways differ in the highest byte, which has to reach the lowest.
    hash ^= hash >>> 15;
  }
  return (hash >>> 16 ^ hash) & (SLOTS - 1);
}

/** Whether messages are equal except for the destination. */
function isLike({ words, start, end }: MessageReader, cached: Cached): boolean {
  const first = start >> 2;
  const { length } = cached.words;
  if (end - start !== length << 2) return false;
  for (let word = 0; word < cached.at; word++) {
    if (words[first + word] !== cached.words[word]) return false;
  }
  for (let word = cached.at + cached.size; word < length; word++) {
    if (words[first + word] !== cached.words[word]) return false;
  }
  return true;
}

function destination({ bytes, start }: MessageReader, cached: Cached): string {
  const at = start + (cached.at << 2);
  return cached.size === 1 ? formatIPv4(bytes, at) : formatIPv6(bytes, at);
}

function cache(
  message: MessageReader,
  json: string | undefined,
): Cached | undefined {
  const { start, end, payload, words } = message;
  const family = words[payload >> 2] & 0xff;
  const attributes = message.attributes(rtmsg.size);
  let found = false;
  while (!found && attributes.next()) found = attributes.type === RTA_DST;
  const { at, length } = attributes;
  const isAddress = family === AF_INET && length === 4 ||
    family === AF_INET6 && length === 16;
  if (!found || !isAddress || (end & 3) !== 0) return undefined;
  const cached: Cached = {
    words: words.slice(start >> 2, end >> 2),
    at: (at - start) >> 2,
    size: length >> 2,
  };
  if (json === undefined) return cached;
  const key = `"dst":"`;
  const text = destination(message, cached);
  const before = json.indexOf(key + text) + key.length;
  return before < key.length ? undefined : {
    ...cached,
    text: {
      before: encoder.encode(json.slice(0, before)),
      after: encoder.encode(json.slice(before + text.length)),
    },
  };
}
