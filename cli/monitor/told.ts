// An event with what is known of it beside: when it was read, where a link
// moved to, and what it was in one word.

import { SystemError } from "../../ffi/errno.ts";
import type { Timestamp } from "../../lib/clock.ts";
import type {
  AnyObjectEvent,
  MonitorEvent,
} from "../../lib/rtnetlink/monitor/event.ts";
import { namespaceNames } from "../../lib/netns/named_namespace.ts";
import { namespaceIdOf } from "../../lib/rtnetlink/namespace_id.ts";
import { RouteSocket } from "../../lib/rtnetlink/socket.ts";

/** An event, ready to be told. */
export interface Told {
  readonly event: MonitorEvent;
  /** When it was read. */
  readonly time: Timestamp;
  /** The name of the namespace it speaks of by an id, where that has one. */
  readonly place: string | undefined;
}

/** What happened to a link, where "change" or "delete" would say too little. */
export type Action = "renamed" | "moved" | "joined" | "left";

/** What happened in one word, if there is one. */
export function actionOf(event: AnyObjectEvent): Action | undefined {
  if (event.object === "port") {
    return event.event === "new"
      ? "joined"
      : event.event === "delete"
      ? "left"
      : undefined;
  }
  if (event.object !== "link") return undefined;
  if (event.event === "delete") {
    return event.data.newNetnsid === undefined ? undefined : "moved";
  }
  return event.changed?.includes("name") ? "renamed" : undefined;
}

/** Adds to an event what is known beside; a promise only where that is asked. */
export function told(
  event: MonitorEvent,
  time: Timestamp,
  signal: AbortSignal,
): Told | Promise<Told> {
  const nsid = "object" in event ? idIn(event) : undefined;
  if (nsid === undefined) return { event, time, place: undefined };
  return nameOf(event.namespace, nsid, signal)
    .then((place) => ({ event, time, place }));
}

/** The id of another namespace that an event speaks of. */
function idIn(event: AnyObjectEvent): number | undefined {
  if (event.object === "netns") {
    return event.event === "delete" ? undefined : event.data.nsid;
  }
  if (event.object === "link" && event.event === "delete") {
    return event.data.newNetnsid;
  }
}

/** The name of a namespace by the id that another one knows it by. */
async function nameOf(
  namespace: string | undefined,
  nsid: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    await using route = RouteSocket.open({ namespace });
    for (const name of namespaceNames()) {
      try {
        if (await namespaceIdOf(route, name, { signal }) === nsid) return name;
      } catch (error) {
        // One that is gone again is not the one.
        if (!(error instanceof SystemError)) throw error;
      }
    }
  } catch (error) {
    // Without leave to look it has no name.
    const closed = error instanceof SystemError ||
      error instanceof Deno.errors.NotCapable;
    if (!closed) throw error;
  }
}
