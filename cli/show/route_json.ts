// Routes as the bytes of a JSON array. Of a large table most routes differ from
// others in their destination alone: what is around it is made once, and used
// again wherever the kernel's message is the same but for the destination.

import { RTA_DST, rtmsg } from "../../ffi/uapi/linux_rtnetlink.ts";
import { AF_INET, AF_INET6 } from "../../ffi/uapi/sys_socket.ts";
import { formatIPv4, formatIPv6 } from "../../lib/net/ip_address.ts";
import type { MessageReader } from "../../lib/netlink/message.ts";
import { JsonArray } from "../output/json_array.ts";

/** A message that was told, and the bytes before and behind its destination. */
interface Told {
  readonly words: Int32Array;
  /** Where the destination is among them, and how many of them it takes. */
  readonly at: number;
  readonly size: number;
  /** Undefined where such a route is not shown at all. */
  readonly text?: { readonly before: Uint8Array; readonly behind: Uint8Array };
}

const encoder = new TextEncoder();

const SLOTS = 1024;
/** Words at the end of a message in which those of one table differ. */
const TAIL = 6;

/**
 * The bytes of the array, in pieces.
 *
 * @param messages Each with a route.
 * @param tell What is shown of a route, as JSON text; undefined where it is not.
 */
export function* routeJson(
  messages: Iterable<MessageReader>,
  tell: (message: MessageReader) => string | undefined,
): Generator<Uint8Array<ArrayBuffer>> {
  const array = new JsonArray();
  const slots = new Array<Told | undefined>(SLOTS);
  for (const message of messages) {
    const slot = hash(message);
    const told = slots[slot];
    if (told === undefined || !isLike(message, told)) {
      const json = tell(message);
      slots[slot] = remember(message, json);
      if (json !== undefined) array.add(json);
    } else if (told.text !== undefined) {
      const { before, behind } = told.text;
      array.addAround(before, destination(message, told), behind);
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
    // What differs in the highest byte, as gateways do, must reach the lowest.
    hash ^= hash >>> 15;
  }
  return (hash >>> 16 ^ hash) & (SLOTS - 1);
}

/** Whether a message is the same but for the destination. */
function isLike({ words, start, end }: MessageReader, told: Told): boolean {
  const first = start >> 2;
  const { length } = told.words;
  if (end - start !== length << 2) return false;
  for (let word = 0; word < told.at; word++) {
    if (words[first + word] !== told.words[word]) return false;
  }
  for (let word = told.at + told.size; word < length; word++) {
    if (words[first + word] !== told.words[word]) return false;
  }
  return true;
}

function destination({ bytes, start }: MessageReader, told: Told): string {
  const at = start + (told.at << 2);
  return told.size === 1 ? formatIPv4(bytes, at) : formatIPv6(bytes, at);
}

function remember(
  message: MessageReader,
  json: string | undefined,
): Told | undefined {
  const { start, end, payload, words } = message;
  const family = words[payload >> 2] & 0xff;
  const attributes = message.attributes(rtmsg.size);
  let found = false;
  while (!found && attributes.next()) found = attributes.type === RTA_DST;
  const { at, length } = attributes;
  const isAddress = family === AF_INET && length === 4 ||
    family === AF_INET6 && length === 16;
  if (!found || !isAddress || (end & 3) !== 0) return undefined;
  const told: Told = {
    words: words.slice(start >> 2, end >> 2),
    at: (at - start) >> 2,
    size: length >> 2,
  };
  if (json === undefined) return told;
  const key = `"dst":"`;
  const text = destination(message, told);
  const before = json.indexOf(key + text) + key.length;
  return before < key.length ? undefined : {
    ...told,
    text: {
      before: encoder.encode(json.slice(0, before)),
      behind: encoder.encode(json.slice(before + text.length)),
    },
  };
}
