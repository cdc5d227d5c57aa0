// What changed, under the keys that `show` prints.

import type { AnyObjectEvent } from "../../lib/rtnetlink/monitor/event.ts";
import type { Json } from "../show/shown.ts";
import { isJson, type Value } from "../show/text/words.ts";
import { shown } from "./shown.ts";

/** One thing that changed. */
export interface Change {
  /** Its key; those of an object in an object with dots between. */
  readonly key: string;
  /** What it was; undefined if it was not there. */
  readonly before: Value | undefined;
  /** What it is; undefined if it is not there any more. */
  readonly now: Value | undefined;
}

/** Keys that move by themselves, with the field that says when they really did. */
const MOVING: Readonly<Record<string, string | undefined>> = {
  valid_life_time: "lifetime",
  preferred_life_time: "lifetime",
  expires: undefined,
  // Why the kernel told of it.
  event: undefined,
};

/** What a "change" changed; for other events, nothing. */
export function changesOf(event: AnyObjectEvent): Change[] {
  const { changed, previous } = event;
  if (changed === undefined || previous === undefined) return [];
  const before = flat(shown(event, "previous", true));
  const now = flat(shown(event, "data", true));
  const changes: Change[] = [];
  for (const key of new Set([...before.keys(), ...now.keys()])) {
    if (!counts(event, key, changed)) continue;
    const change = { key, before: before.get(key), now: now.get(key) };
    if (JSON.stringify(change.before) !== JSON.stringify(change.now)) {
      changes.push(change);
    }
  }
  if (changes.length > 0) return changes;
  // Something that `show` does not print, by the library's name for it.
  return changed.map((key) => ({ key, before: undefined, now: undefined }));
}

/** Whether a key that differs is one of what really changed. */
function counts(
  { object }: AnyObjectEvent,
  key: string,
  changed: readonly string[],
): boolean {
  if (key in MOVING) return changed.includes(MOVING[key] ?? "");
  // The options of a kind count and time things, too.
  return (object !== "port" && !/info_(slave_)?data\./.test(key)) ||
    changed.includes(key.slice(key.lastIndexOf(".") + 1));
}

function flat(json: Json, before = ""): Map<string, Value> {
  const values = new Map<string, Value>();
  for (const [key, value] of Object.entries(json)) {
    if (isJson(value)) {
      for (const [path, one] of flat(value, `${before}${key}.`)) {
        values.set(path, one);
      }
    } else values.set(before + key, value);
  }
  return values;
}
