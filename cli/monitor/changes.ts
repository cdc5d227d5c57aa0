// The differences of a change event, with the keys of `show`.

import type { AnyObjectEvent } from "../../lib/rtnetlink/monitor/event.ts";
import { attributeValue } from "../../lib/rtnetlink/monitor/link_differences.ts";
import type { Json } from "../show/shown.ts";
import { isJson, type Value } from "../show/text/format.ts";
import { objectJson } from "./object_json.ts";

/** One difference. */
export interface Change {
  /** Its key; nested keys are joined with dots. */
  readonly key: string;
  /** The previous value, undefined for none. */
  readonly before: Value | undefined;
  /** The current value, undefined for none. */
  readonly now: Value | undefined;
}

const FOREVER = 0xffffffff;

/** Keys that change with time, with the field that is compared instead. */
const TIMED: Readonly<Record<string, string | undefined>> = {
  valid_life_time: "lifetime",
  preferred_life_time: "lifetime",
  expires: "cache",
  // The reason of the notification.
  event: undefined,
};

/** The differences of a change event; none for other events. */
export function changesOf(event: AnyObjectEvent): Change[] {
  const { changed, previous } = event;
  if (changed === undefined || previous === undefined) return [];
  const details = { details: true };
  const before = flat(objectJson(aged(event), "previous", details));
  const now = flat(objectJson(event, "data", details));
  const changes: Change[] = [];
  for (const key of new Set([...before.keys(), ...now.keys()])) {
    if (!counts(event, key, changed)) continue;
    const change = { key, before: before.get(key), now: now.get(key) };
    if (JSON.stringify(change.before) !== JSON.stringify(change.now)) {
      changes.push(change);
    }
  }
  if (changes.length > 0) return changes;
  // Attributes that `show` does not print, by their C names.
  return changed.map((key) =>
    event.object === "link"
      ? {
        key,
        before: attributeValue(event.previous!, key),
        now: attributeValue(event.data, key),
      }
      : { key, before: undefined, now: undefined }
  );
}

/**
 * The event of an address whose lifetime was renewed, with the seconds that were
 * left: the previous message had those of its own time.
 */
function aged(event: AnyObjectEvent): AnyObjectEvent {
  if (event.object !== "address") return event;
  const { previous, data } = event;
  const [was, is] = [previous?.lifetime, data.lifetime];
  if (was === undefined || is === undefined) return event;
  // In hundredths of a second.
  const passed = Math.trunc(((is.updated - was.updated) >>> 0) / 100);
  const left = (seconds: number) =>
    seconds === FOREVER ? seconds : Math.max(0, seconds - passed);
  const lifetime = {
    ...was,
    valid: left(was.valid),
    preferred: left(was.preferred),
  };
  return { ...event, previous: { ...previous!, lifetime } };
}

/** Whether the difference of a key is a change. */
function counts(
  { object }: AnyObjectEvent,
  key: string,
  changed: readonly string[],
): boolean {
  if (key in TIMED) return changed.includes(TIMED[key] ?? "");
  // Options of kinds contain counters and timers.
  if (object === "port" && key === "ifname") return changed.includes("name");
  return (object !== "port" && !/info_(slave_)?data\./.test(key)) ||
    changed.includes(key.slice(key.lastIndexOf(".") + 1));
}

/** All values of an object; nested keys are joined with dots. */
export function flat(json: Json, before = ""): Map<string, Value> {
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
