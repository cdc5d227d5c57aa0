// Events as JSON: one object each.

import type { AnyObjectEvent } from "../../lib/rtnetlink/monitor/event.ts";
import { isoTime } from "../output/time.ts";
import type { Json } from "../show/shown.ts";
import { changesOf } from "./changes.ts";
import { actionOf, type Told } from "./told.ts";
import { shown } from "./shown.ts";

/** How much to tell. */
export interface JsonOptions {
  /** With the keys of `show --details`. */
  readonly details: boolean;
  /** Whether several namespaces are watched, so that each event names its own. */
  readonly namespaces: boolean;
}

/** An event as `--json` prints it. */
export function eventJson(
  { event, time, place }: Told,
  options: JsonOptions,
): Record<string, unknown> {
  const head = (object?: string) => ({
    event: event.event,
    object,
    time: isoTime(time),
    namespace: options.namespaces || event.event === "added" ||
        event.event === "removed"
      ? event.namespace ?? null
      : undefined,
  });
  if ("object" in event) {
    return { ...head(event.object), ...objectJson(event, place, options) };
  }
  switch (event.event) {
    case "resynchronised":
      return {
        ...head(),
        recovered: event.recovered,
        milliseconds: Number(event.milliseconds.toFixed(3)),
      };
    case "ignored":
      return { ...head(), counters: event.counters };
    default:
      return head();
  }
}

function objectJson(
  event: AnyObjectEvent,
  place: string | undefined,
  { details }: JsonOptions,
): Record<string, unknown> {
  const { data, object, origin } = event;
  const json = shown(event, "data", details);
  return {
    family: "family" in data && object !== "link" && object !== "port"
      ? data.family
      : undefined,
    // One of these says how it is known, where the kernel did not just say so.
    [origin]: origin === "kernel" ? undefined : true,
    action: actionOf(event),
    to: destination(event, place),
    ...changeJson(event),
    data: object === "netns" && place !== undefined
      ? { ...json, name: place }
      : json,
  };
}

/** Where a link went that moved. */
function destination(
  event: AnyObjectEvent,
  place: string | undefined,
): Json | undefined {
  if (event.object !== "link" || actionOf(event) !== "moved") return undefined;
  const { newNetnsid = -1, newIfindex } = event.data;
  return {
    nsid: newNetnsid,
    ...(place === undefined ? {} : { namespace: place }),
    ...(newIfindex === undefined ? {} : { ifindex: newIfindex }),
  };
}

function changeJson(event: AnyObjectEvent): Record<string, unknown> {
  if (event.event !== "change") return {};
  const changes = changesOf(event);
  return {
    changed: changes.map(({ key }) => key),
    previous: Object.fromEntries(
      changes.map(({ key, before }) => [key, before]),
    ),
  };
}
