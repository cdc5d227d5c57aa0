// Several namespaces watched as one: their events in one stream, those whose
// names come and go included.

import { Deadline } from "../../io/deadline.ts";
import { ClosedError } from "../../errors.ts";
import {
  inNamespace,
  isGone,
  type Namespace,
  namespaceId,
} from "../../netns/namespace.ts";
import { type NetlinkCounters, noCounts } from "../../netlink/counters.ts";
import type { WaitOptions } from "../../io/reactor.ts";
import { NamespaceNames } from "../../netns/namespace_names.ts";
import type { MonitorEvent } from "./event.ts";
import type { Picture } from "./picture.ts";
import { Watch, type WatchOptions } from "./watch.ts";

/** What to watch, and where. */
export interface WatchesOptions
  extends Omit<WatchOptions, "namespace" | "label"> {
  /** The one to watch, whose events do not name it; default: this thread's. */
  readonly namespace?: Namespace | undefined;
  /** Or several, undefined for this thread's; or this one and all with a name. */
  readonly namespaces?: readonly (Namespace | undefined)[] | "all" | undefined;
}

/** What events call a namespace; undefined for the one that needs no name. */
type Label = string | undefined;

/** One of them. */
interface Member {
  readonly watch: Watch;
  /** What tells its namespace from others. */
  readonly id: string;
  /** Ends when what it was asked for has come; undefined when it was not asked. */
  asked?: Promise<void> | undefined;
}

/** Namespaces being watched. */
export class Watches implements AsyncDisposable {
  readonly #options: WatchesOptions;
  readonly #members = new Map<Label, Member>();
  /** The names that may come and go; "all" but that of this thread's own. */
  readonly #followed: ReadonlySet<string> | "all";
  #names: NamespaceNames | undefined;
  #listening = false;
  #referenced = true;
  /** Whether names have changed and were not read yet. */
  #stale = false;
  /** What those that are gone have counted. */
  readonly #counted = noCounts();
  #batches: (readonly MonitorEvent[])[] = [];
  #failure: { readonly error: unknown } | undefined;
  #wake = () => {};
  #closing: Promise<void> | undefined;

  private constructor(options: WatchesOptions) {
    this.#options = options;
    const { namespaces = [] } = options;
    this.#followed = namespaces === "all"
      ? namespaces
      : new Set(namespaces.filter(isName));
  }

  /**
   * Opens the sockets of all; from here on nothing is missed.
   *
   * @throws {SystemError} If a namespace cannot be entered.
   */
  static open(options: WatchesOptions): Watches {
    const watches = new Watches(options);
    try {
      watches.#enterAll();
      return watches;
    } catch (error) {
      // Nobody waits on it yet, so all is closed before this returns.
      void watches.close();
      throw error;
    }
  }

  /** What events call the namespaces that are watched now. */
  get labels(): Label[] {
    return [...this.#members.keys()];
  }

  /** Room for unread events, in bytes as the kernel counts them: the least. */
  get receiveBuffer(): number {
    let least = Infinity;
    for (const { watch } of this.#members.values()) {
      least = Math.min(least, watch.receiveBuffer);
    }
    return least;
  }

  /** What was received and not used. */
  get counters(): NetlinkCounters {
    const sum = { ...this.#counted };
    for (const { watch } of this.#members.values()) add(sum, watch.counters);
    return sum;
  }

  /** Whether waits for events keep the process alive; namespaces to come included. */
  setReferenced(referenced: boolean): void {
    this.#referenced = referenced;
    this.#names?.setReferenced(referenced);
    for (const { watch } of this.#members.values()) {
      watch.setReferenced(referenced);
    }
  }

  /** What is known of a namespace, if it is watched. */
  picture(label: Label): Picture | undefined {
    return this.#members.get(label)?.watch.picture;
  }

  /** Takes the events of a namespace that have come, without waiting. */
  catchUp(label: Label): MonitorEvent[] {
    return this.#members.get(label)!.watch.catchUp();
  }

  /** Reads what there is; with it the events begin. */
  async start(options?: WaitOptions): Promise<void> {
    const members = [...this.#members.values()];
    await Promise.all(members.map(({ watch }) => watch.start(options)));
  }

  /**
   * Waits for events and takes them, at least one. Those of one namespace are
   * in their order.
   *
   * @throws {ClosedError} When it is closed meanwhile.
   */
  async receive(options?: WaitOptions): Promise<MonitorEvent[]> {
    if (this.#names === undefined && this.#members.size === 1) {
      for (const { watch } of this.#members.values()) {
        return watch.receive(options);
      }
    }
    const deadline = new Deadline("netlink events", options);
    deadline.check();
    for (;;) {
      if (this.#closing !== undefined) throw new ClosedError("monitor");
      if (this.#stale) await this.#follow();
      this.#listen();
      if (this.#batches.length > 0) return this.#take();
      const failure = this.#failure;
      // Told once: the next call asks again.
      this.#failure = undefined;
      if (failure !== undefined) throw failure.error;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await deadline.bound(promise);
    }
  }

  /** Ends what waits with ClosedError and closes the sockets. */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  /** The same as close(). */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const members = [...this.#members.values()];
    const closing = members.map(({ watch }) => watch.close());
    await Promise.all([this.#names?.close(), ...closing]);
    this.#wake();
  }

  #enterAll(): void {
    const { namespace, namespaces, snapshot } = this.#options;
    if (namespaces === undefined) {
      return this.#enter(undefined, namespace, snapshot);
    }
    const follows = namespaces === "all" || namespaces.some(isName);
    // Before any is entered: what becomes of it from then on is told.
    if (follows) this.#names = NamespaceNames.open();
    if (namespaces === "all") {
      this.#enter(undefined, undefined, snapshot);
      for (const name of this.#missing()) this.#tryEnter(name, snapshot);
      return;
    }
    for (const one of namespaces) {
      const label = one === undefined ? undefined : String(one);
      if (!this.#members.has(label)) this.#enter(label, one, snapshot);
    }
  }

  /** Takes up a namespace. @throws {SystemError} If it cannot be entered. */
  #enter(
    label: Label,
    namespace: Namespace | undefined,
    snapshot: boolean,
  ): void {
    const { objects, receiveBuffer } = this.#options;
    const options = { objects, receiveBuffer, snapshot, label };
    // The name may stand for another one a moment later.
    const member = inNamespace(
      namespace,
      () => {
        const id = namespaceId();
        const watch = Watch.open(options);
        watch.setReferenced(this.#referenced);
        return { id, watch };
      },
      ({ watch }) => void watch.close(),
    );
    this.#members.set(label, member);
  }

  /** Takes up a namespace that may be gone already; whether it was there. */
  #tryEnter(name: string, snapshot: boolean): boolean {
    try {
      this.#enter(name, name, snapshot);
      return true;
    } catch (error) {
      if (isGone(error)) return false;
      throw error;
    }
  }

  /** The names that are followed and there, with what tells them apart. */
  #read(): Map<string, string> {
    if (this.#names === undefined) return new Map();
    return this.#followed === "all"
      ? this.#names.read()
      : this.#names.read(this.#followed);
  }

  /** The names that are there and not watched. */
  *#missing(there = this.#read()) {
    const own = this.#members.get(undefined)?.id;
    for (const [name, id] of there) {
      const wanted = this.#followed === "all"
        ? id !== own
        : this.#followed.has(name);
      if (wanted && !this.#members.has(name)) yield name;
    }
  }

  /** Lets go of what has no name any more, and takes up what has one now. */
  async #follow(): Promise<void> {
    const there = this.#read();
    for (const [label, member] of [...this.#members]) {
      if (label === undefined) continue;
      const followed = this.#followed === "all" || this.#followed.has(label);
      if (followed && there.get(label) !== member.id) {
        await this.#leave(label, member);
      }
    }
    if (this.#closing !== undefined) return;
    for (const name of this.#missing(there)) {
      // All of it is news.
      if (this.#tryEnter(name, true)) {
        this.#batches.push([{ event: "added", namespace: name }]);
      }
    }
    // Not before: where something failed, the next call looks again.
    this.#stale = false;
  }

  /** Lets go of a namespace, which an open socket would keep. */
  async #leave(label: string, { watch, asked }: Member): Promise<void> {
    this.#members.delete(label);
    let last: MonitorEvent[] = [];
    try {
      last = watch.last();
    } finally {
      await watch.close();
      await asked;
      add(this.#counted, watch.counters);
      this.#batches.push(last, [{ event: "removed", namespace: label }]);
    }
  }

  /** Asks everybody who was not asked yet. */
  #listen(): void {
    for (const member of this.#members.values()) {
      member.asked ??= this.#ask(member);
    }
    if (this.#names !== undefined && !this.#listening) {
      void this.#listenToNames(this.#names);
    }
  }

  async #ask(member: Member): Promise<void> {
    try {
      const events = await member.watch.receive();
      this.#batches.push(events);
    } catch (error) {
      this.#failed(error);
    }
    member.asked = undefined;
    this.#wake();
  }

  async #listenToNames(names: NamespaceNames): Promise<void> {
    this.#listening = true;
    try {
      await names.changed();
      this.#stale = true;
    } catch (error) {
      this.#failed(error);
    }
    this.#listening = false;
    this.#wake();
  }

  #failed(error: unknown): void {
    if (!(error instanceof ClosedError)) this.#failure ??= { error };
  }

  #take(): MonitorEvent[] {
    const batches = this.#batches;
    this.#batches = [];
    return batches.flat();
  }
}

/** Whether a namespace is given by a name, which another one may have later. */
function isName(namespace: Namespace | undefined): namespace is string {
  return typeof namespace === "string" && !namespace.startsWith("/");
}

function add(sum: NetlinkCounters, counters: NetlinkCounters): void {
  for (const key of Object.keys(sum) as (keyof NetlinkCounters)[]) {
    sum[key] += counters[key];
  }
}
