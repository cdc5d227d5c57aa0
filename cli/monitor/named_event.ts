// An event with its time and the name of the other namespace that it refers to.

import { SystemError } from "../../ffi/errno.ts";
import type { Timestamp } from "../../lib/clock.ts";
import type {
  AnyObjectEvent,
  MonitorEvent,
} from "../../lib/rtnetlink/monitor/event.ts";
import { namespaceNames } from "../../lib/netns/named_namespace.ts";
import { namespaceIdOf } from "../../lib/rtnetlink/namespace_id.ts";
import { RouteSocket } from "../../lib/rtnetlink/socket.ts";

/** An event to be printed. */
export interface NamedEvent {
  readonly event: MonitorEvent;
  /** When it was received. */
  readonly time: Timestamp;
  /** The name of the namespace whose id is in the event, if it has one. */
  readonly namespaceName: string | undefined;
}

/** A special kind of change of a link or port. */
export type Action = "renamed" | "moved" | "joined" | "left";

/** The special kind of a change, if it is one. */
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

/** Adds time and namespace name; a promise only if a name is looked up. */
export function nameEvent(
  event: MonitorEvent,
  time: Timestamp,
  signal: AbortSignal,
): NamedEvent | Promise<NamedEvent> {
  const nsid = "object" in event ? idIn(event) : undefined;
  if (nsid === undefined) return { event, time, namespaceName: undefined };
  return nameOf(event.namespace, nsid, signal)
    .then((namespaceName) => ({ event, time, namespaceName }));
}

/** The id of another namespace in an event. */
function idIn(event: AnyObjectEvent): number | undefined {
  if (event.object === "netns") {
    return event.event === "delete" ? undefined : event.data.nsid;
  }
  if (event.object === "link" && event.event === "delete") {
    return event.data.newNetnsid;
  }
}

/** The name of the namespace with an id in another namespace. */
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
        // The namespace was deleted meanwhile.
        if (!(error instanceof SystemError)) throw error;
      }
    }
  } catch (error) {
    // Without permission the name stays unknown.
    const refused = error instanceof SystemError ||
      error instanceof Deno.errors.NotCapable;
    if (!refused) throw error;
  }
}
