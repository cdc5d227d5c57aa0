// Monitor events as JSON.

import type { AnyObjectEvent } from "../../lib/rtnetlink/monitor/event.ts";
import type { Nexthop } from "../../lib/rtnetlink/nexthop.ts";
import { isoTime } from "../output/time.ts";
import type { Json } from "../show/shown.ts";
import { changesOf, flat } from "./changes.ts";
import { actionOf, type NamedEvent } from "./named_event.ts";
import { objectJson } from "./object_json.ts";

/** Which keys to include. */
export interface JsonOptions {
  /** With the keys of `show --details`. */
  readonly details: boolean;
  /** Whether several namespaces are monitored, so that each event names its own. */
  readonly namespaces: boolean;
  /** The nexthop objects of the event's namespace, for details of a route. */
  readonly nexthops?: ReadonlyMap<number, Nexthop> | undefined;
}

/** An event as `--json` prints it. */
export function eventJson(
  { event, time, namespaceName }: NamedEvent,
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
    return {
      ...head(event.object),
      ...objectEventJson(event, namespaceName, options),
    };
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

function objectEventJson(
  event: AnyObjectEvent,
  namespaceName: string | undefined,
  { details, nexthops }: JsonOptions,
): Record<string, unknown> {
  const { data, object, origin } = event;
  const json = objectJson(event, "data", { details, nexthops });
  return {
    family: "family" in data && object !== "link" && object !== "port"
      ? data.family
      : undefined,
    ...linksOf(event),
    // The origin is a key, except for notifications.
    [origin]: origin === "kernel" ? undefined : true,
    action: actionOf(event),
    to: destination(event, namespaceName),
    ...changeJson(event, json, details),
    data: object === "netns" && namespaceName !== undefined
      ? { ...json, name: namespaceName }
      : json,
  };
}

/** The indexes of the links that `data` has by name only. */
function linksOf(
  { object, data }: AnyObjectEvent,
): { readonly ifindex?: number; readonly ifindexes?: readonly number[] } {
  switch (object) {
    case "route":
      if (data.nexthops !== undefined) {
        return { ifindexes: data.nexthops.map(({ ifindex }) => ifindex) };
      }
      break;
    case "neighbour":
    case "nexthop":
    case "fdb":
    case "vlan":
    case "mdb":
    case "vni":
      break;
    default:
      return {};
  }
  return data.ifindex ? { ifindex: data.ifindex } : {};
}

/** The namespace that a link was moved to. */
function destination(
  event: AnyObjectEvent,
  namespaceName: string | undefined,
): Json | undefined {
  if (event.object !== "link" || actionOf(event) !== "moved") return undefined;
  const { newNetnsid = -1, newIfindex } = event.data;
  return {
    nsid: newNetnsid,
    ...(namespaceName === undefined ? {} : { namespace: namespaceName }),
    ...(newIfindex === undefined ? {} : { ifindex: newIfindex }),
  };
}

/** @param data The object as the event has it. */
function changeJson(
  event: AnyObjectEvent,
  data: Json,
  details: boolean,
): Record<string, unknown> {
  if (event.event !== "change") return {};
  const changes = changesOf(event);
  const before = flat(objectJson(event, "previous", { details }));
  const now = flat(data);
  // A key of `data` that the object did not have before, such as a type other
  // than unicast, has no previous value.
  const previous = changes.filter(({ key }) =>
    before.has(key) || !now.has(key)
  );
  return {
    changed: changes.map(({ key }) => key),
    previous: Object.fromEntries(
      previous.map(({ key, before }) => [key, before]),
    ),
  };
}
