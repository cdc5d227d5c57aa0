// The state that the page shows, updated by the events of one monitor.

import { RT_TABLE_LOCAL } from "../../ffi/uapi/linux_rtnetlink.ts";
import type { Timestamp } from "../../lib/clock.ts";
import type { Address } from "../../lib/rtnetlink/address.ts";
import type { Link } from "../../lib/rtnetlink/link/link.ts";
import type {
  AnyObjectEvent,
  MonitorEvent,
} from "../../lib/rtnetlink/monitor/event.ts";
import type { Monitor } from "../../lib/rtnetlink/monitor/monitor.ts";
import { linkFacts, otherOf, PAIRS } from "../../lib/rtnetlink/topology.ts";
import { EventTexts } from "../monitor/text.ts";
import type { NamedEvent } from "../monitor/named_event.ts";
import { resolveIds, type Space } from "./namespace_ids.ts";
import type {
  EndRecord,
  EventRecord,
  LinkRecord,
  SpaceRecord,
  Update,
} from "./records.ts";

/** Events of the timeline in an update; the others are counted. */
const EVENTS_OF_UPDATE = 50;
/** Events of the timeline in a snapshot. */
const EVENTS_KEPT = 300;

/** A namespace and which of its links have changed. */
interface ShownSpace extends Space {
  readonly records: Map<number, LinkRecord>;
  /** By ifindex. */
  readonly changed: Set<number>;
}

/** Builds snapshots and updates. */
export class ViewState {
  readonly #monitor: Monitor;
  readonly #texts = new EventTexts();
  readonly #spaces = new Map<string | undefined, ShownSpace>();
  #numbers = 0;
  #events = 0;
  #newSpaces: ShownSpace[] = [];
  #goneSpaces: number[] = [];
  /** The last events since the last update, and how many there were. */
  #recent: { named: NamedEvent; number: number }[] = [];
  #pending = 0;
  #timeline: EventRecord[] = [];
  #update: Update = {};

  constructor(monitor: Monitor) {
    this.#monitor = monitor;
    for (const name of monitor.namespaces) {
      const space = this.#addSpace(name);
      for (const { ifindex } of monitor.all("link", name)) {
        space.changed.add(ifindex);
      }
    }
    this.#refresh();
    this.#newSpaces = [];
    this.#update = {};
  }

  /** The monitored namespaces, and their links. */
  get spaces(): Iterable<Space> {
    return this.#spaces.values();
  }

  /** The number of a namespace in records. */
  spaceId(namespace: string | undefined): number | undefined {
    return this.#spaces.get(namespace)?.id;
  }

  /** The id of a link in records. */
  linkId(namespace: string | undefined, ifindex: number): string | undefined {
    const space = this.#spaces.get(namespace);
    return space && `${space.id}/${ifindex}`;
  }

  /** Takes an event of the monitor. */
  apply(event: MonitorEvent, time: Timestamp): void {
    if (event.event === "added") this.#addSpace(event.namespace);
    else if (event.event === "removed") this.#removeSpace(event.namespace);
    if ("object" in event) this.#applyObject(event);
    const isShown = !("object" in event)
      ? event.event !== "ignored"
      : event.origin !== "snapshot" && event.object !== "netns";
    if (isShown) this.#addEvent({ event, time, namespaceName: undefined });
  }

  /** Adds an event of the timeline that is not one of the monitor. */
  addRecord(record: Omit<EventRecord, "number">): void {
    this.#add({ ...record, number: this.#events++ });
  }

  /** The changes since the last call; undefined for none. */
  take(): Update | undefined {
    this.#refresh();
    const update = this.#update;
    this.#update = {};
    for (const _ in update) return update;
    return undefined;
  }

  /** The whole state; take() has to be called before. */
  snapshot(): Update {
    const spaces = [...this.#spaces.values()];
    return {
      spaces: spaces.map(spaceRecord),
      links: spaces.flatMap(({ records }) => [...records.values()]),
      events: this.#timeline,
    };
  }

  /** Whether links refer to namespaces by ids that are not known. */
  get hasUnknownIds(): boolean {
    for (const { links, ids } of this.#spaces.values()) {
      for (const { linkNetnsid } of links.values()) {
        if (linkNetnsid !== undefined && !ids.has(linkNetnsid)) return true;
      }
    }
    return false;
  }

  /** Finds out which namespaces ids stand for. */
  async resolveIds(signal: AbortSignal): Promise<void> {
    const spaces = [...this.#spaces.values()];
    for (const changed of await resolveIds(spaces, signal)) {
      const space = changed as ShownSpace;
      for (const link of space.links.values()) {
        if (link.linkNetnsid !== undefined) space.changed.add(link.ifindex);
      }
    }
  }

  #addSpace(name: string | undefined): ShownSpace {
    const space: ShownSpace = {
      id: this.#numbers++,
      name,
      links: new Map(),
      ids: new Map(),
      records: new Map(),
      changed: new Set(),
    };
    this.#spaces.set(name, space);
    this.#newSpaces.push(space);
    // An id that stood for no monitored namespace may stand for this one.
    this.#forgetIds((known) => known === undefined);
    return space;
  }

  #removeSpace(name: string): void {
    const space = this.#spaces.get(name);
    if (space === undefined) return;
    this.#spaces.delete(name);
    const unsent = this.#newSpaces.indexOf(space);
    if (unsent < 0) this.#goneSpaces.push(space.id);
    else this.#newSpaces.splice(unsent, 1);
    this.#forgetIds((known) => known === space);
  }

  #forgetIds(isForgotten: (known: Space | undefined) => boolean): void {
    for (const { ids, links, changed } of this.#spaces.values()) {
      let any = false;
      for (const [id, known] of ids) {
        if (isForgotten(known)) any = ids.delete(id);
      }
      if (!any) continue;
      for (const link of links.values()) {
        if (link.linkNetnsid !== undefined) changed.add(link.ifindex);
      }
    }
  }

  #applyObject(event: AnyObjectEvent): void {
    const space = this.#spaces.get(event.namespace);
    if (space === undefined) return;
    switch (event.object) {
      case "link":
      case "address":
        space.changed.add(event.data.ifindex);
        break;
      case "netns":
        if (event.origin !== "snapshot") {
          space.ids.delete(event.data.nsid);
          for (const link of space.links.values()) {
            if (link.linkNetnsid === event.data.nsid) {
              space.changed.add(link.ifindex);
            }
          }
        }
        break;
    }
  }

  #addEvent(named: NamedEvent): void {
    this.#pending++;
    this.#recent.push({ named, number: this.#events++ });
    // Only the newest are formatted, and dropped in pairs to stay linear.
    if (this.#recent.length >= 2 * EVENTS_OF_UPDATE) {
      this.#recent = this.#recent.slice(-EVENTS_OF_UPDATE);
    }
  }

  #refresh(): void {
    const update = this.#update;
    if (this.#newSpaces.length > 0) {
      update.spaces = this.#newSpaces.map(spaceRecord);
      this.#newSpaces = [];
    }
    if (this.#goneSpaces.length > 0) {
      update.goneSpaces = this.#goneSpaces;
      this.#goneSpaces = [];
    }
    for (const space of this.#spaces.values()) this.#refreshSpace(space);
    const skipped = this.#pending - EVENTS_OF_UPDATE;
    for (const { named, number } of this.#recent.slice(-EVENTS_OF_UPDATE)) {
      this.#add(this.#eventRecord(named, number));
    }
    if (skipped > 0) update.skipped = (update.skipped ?? 0) + skipped;
    this.#recent = [];
    this.#pending = 0;
  }

  #add(record: EventRecord): void {
    (this.#update.events ??= []).push(record);
    this.#timeline.push(record);
    if (this.#timeline.length > EVENTS_KEPT) this.#timeline.shift();
  }

  #refreshSpace(space: ShownSpace): void {
    const { name, changed, links, records } = space;
    if (changed.size === 0) return;
    const update = this.#update;
    const current = new Map(
      this.#monitor.all("link", name).map((link) => [link.ifindex, link]),
    );
    const addresses = Map.groupBy(
      this.#monitor.all("address", name),
      ({ ifindex }) => ifindex,
    );
    for (const ifindex of changed) {
      const link = current.get(ifindex);
      const record = link && this.#record(space, link, addresses.get(ifindex));
      if (link === undefined || record === undefined) {
        links.delete(ifindex);
        if (records.delete(ifindex)) {
          (update.goneLinks ??= []).push(`${space.id}/${ifindex}`);
        }
        continue;
      }
      links.set(ifindex, link);
      // Most notifications of a link change none of what is shown.
      if (JSON.stringify(records.get(ifindex)) === JSON.stringify(record)) {
        continue;
      }
      records.set(ifindex, record);
      (update.links ??= []).push(record);
    }
    changed.clear();
  }

  #record(
    space: ShownSpace,
    link: Link,
    addresses: readonly Address[] | undefined,
  ): LinkRecord {
    const facts = linkFacts(link, addresses);
    const other = otherOf(link);
    const end: EndRecord | undefined = other === 0
      ? undefined
      : this.#end(space, link.linkNetnsid, other);
    const isPair = PAIRS.has(facts.kind);
    return {
      id: `${space.id}/${link.ifindex}`,
      ...facts,
      master: link.master === 0 ? undefined : `${space.id}/${link.master}`,
      lower: isPair ? undefined : end,
      peer: isPair ? end : undefined,
    };
  }

  #end(space: Space, nsid: number | undefined, ifindex: number): EndRecord {
    if (nsid === undefined) return { id: `${space.id}/${ifindex}` };
    const there = space.ids.get(nsid);
    return there ? { id: `${there.id}/${ifindex}` } : { nsid, ifindex };
  }

  #eventRecord(named: NamedEvent, number: number): EventRecord {
    const { event, time } = named;
    const space = "namespace" in event
      ? this.#spaces.get(event.namespace)
      : undefined;
    const nsid = "object" in event && event.object === "link" &&
        event.event === "delete"
      ? event.data.newNetnsid
      : undefined;
    const there = nsid === undefined ? undefined : space?.ids.get(nsid);
    return {
      number,
      time: time.seconds * 1000 + Math.floor(time.nanoseconds / 1e6),
      space: space?.id,
      object: "object" in event ? shownObject(event) : "monitor",
      event: event.event,
      text: this.#texts.text({ ...named, namespaceName: there?.name }),
      link: space && "object" in event && "ifindex" in event.data &&
          typeof event.data.ifindex === "number"
        ? `${space.id}/${event.data.ifindex}`
        : undefined,
    };
  }
}

/** Routes of the local table follow addresses, so they are a type of their own. */
function shownObject(event: AnyObjectEvent): string {
  return event.object === "route" && event.data.table === RT_TABLE_LOCAL
    ? "local route"
    : event.object;
}

function spaceRecord({ id, name }: Space): SpaceRecord {
  return { id, name: name ?? null };
}
