// Resolves the names in a list of changes, and chooses the ifindex of links
// that one change creates and a later one refers to.

import { cString, libc, unwrap } from "../../../ffi/libc.ts";
import { O_CLOEXEC, O_RDONLY } from "../../../ffi/uapi/fcntl.ts";
import { namespacePath } from "../../netns/namespace.ts";
import type { NetlinkRequest } from "../../netlink/transaction.ts";
import type { WaitOptions } from "../../io/reactor.ts";
import type { RouteSocket } from "../socket.ts";
import type { NameLookup } from "../spec/name_lookup.ts";
import type { Change } from "./change.ts";

/** The number of names from which a dump is faster than single requests. */
const MANY = 8;
/**
 * The distance of chosen indexes to the highest one. The kernel continues after
 * the last index it chose, so that other processes would have to create this
 * many links for a collision.
 */
const GAP = 4096;

/** First pass: collects the names that changes refer to and create. */
class Collector implements NameLookup {
  readonly wanted = new Set<string>();
  /** Links that are created here and referred to later. */
  readonly numbered = new Set<string>();
  readonly #made = new Set<string>();
  /** Whether all messages already have the right numbers. */
  isFinal = true;

  index(link: string | number): number {
    if (typeof link === "number") return link;
    this.isFinal = false;
    if (this.#made.has(link)) this.numbered.add(link);
    else this.wanted.add(link);
    return 1;
  }

  creates(name: string | undefined): number {
    if (name !== undefined) this.#made.add(name);
    return 0;
  }

  calls(_link: string | number, name: string): void {
    this.#made.add(name);
  }

  namespace(): number {
    this.isFinal = false;
    return 0;
  }
}

/** Second pass: resolves the names. Holds descriptors until it is disposed. */
class Table implements NameLookup, Disposable {
  readonly #indexes: Map<string, number>;
  readonly #numbered: ReadonlySet<string>;
  readonly #namespaces = new Map<string, number>();
  #next: number;

  constructor(
    indexes: Map<string, number>,
    numbered: ReadonlySet<string>,
    next: number,
  ) {
    this.#indexes = indexes;
    this.#numbered = numbered;
    this.#next = next;
  }

  index(link: string | number): number {
    return typeof link === "number" ? link : this.#indexes.get(link)!;
  }

  creates(name: string | undefined, peer?: string): number {
    const spokenOf = [name, peer].some((one) =>
      one !== undefined && this.#numbered.has(one)
    );
    if (!spokenOf) return 0;
    if (name !== undefined) this.#indexes.set(name, this.#next);
    return this.#next++;
  }

  calls(link: string | number, name: string): void {
    this.#indexes.set(name, this.index(link));
  }

  namespace(name: string): number {
    let fd = this.#namespaces.get(name);
    if (fd === undefined) {
      const path = cString(namespacePath(name));
      fd = unwrap(libc().open(path, O_RDONLY | O_CLOEXEC, 0), "open", {
        tried: `open network namespace ${name}`,
        advice: "Check its name",
      });
      this.#namespaces.set(name, fd);
    }
    return fd;
  }

  [Symbol.dispose](): void {
    for (const fd of this.#namespaces.values()) libc().close(fd);
    this.#namespaces.clear();
  }
}

/**
 * Encoded changes, valid until they are disposed.
 *
 * Source: rtnetlink(7).
 *
 * @example
 * ```ts
 * import { addLink, Network } from "@netplumb/netplumb";
 *
 * await using network = Network.open();
 * const change = addLink({ name: "bridge0", kind: "bridge" });
 * using prepared = await network.prepare([change]); // nothing is sent
 * console.log(prepared.requests[0][0].type); // 16, RTM_NEWLINK
 * ```
 */
export class Prepared implements Disposable {
  readonly #encode: () => Iterable<readonly NetlinkRequest[]>;
  readonly #table: Disposable | undefined;

  /**
   * Called by prepare().
   *
   * @param encode The messages of each change, possibly encoded one by one.
   */
  constructor(
    encode: () => Iterable<readonly NetlinkRequest[]>,
    table?: Disposable,
  ) {
    this.#encode = encode;
    this.#table = table;
  }

  /** The messages of each change. */
  get requests(): (readonly NetlinkRequest[])[] {
    return [...this.#encode()];
  }

  /**
   * The same one after the other: a message of many takes memory only until it
   * is sent.
   */
  [Symbol.iterator](): Iterator<readonly NetlinkRequest[]> {
    return this.#encode()[Symbol.iterator]();
  }

  /** Closes the namespace descriptors of the messages. */
  [Symbol.dispose](): void {
    this.#table?.[Symbol.dispose]();
  }
}

/**
 * Encodes the messages of changes.
 *
 * @param made Links that were already created without a message.
 * @throws {NetlinkError} ENODEV for a link that does not exist.
 */
export async function prepare(
  socket: RouteSocket,
  changes: readonly Change[],
  options: WaitOptions = {},
  made: ReadonlySet<Change> = new Set(),
): Promise<Prepared> {
  const collector = new Collector();
  const write = (change: Change, known: NameLookup) => {
    const link = change.first?.link;
    if (link !== undefined && !made.has(change)) known.creates(link);
    return change.requests(known);
  };
  // Whether a change opens a namespace, or depends on an earlier one.
  let mayFail = false;
  for (const change of changes) {
    const { links, first } = change;
    if (links === undefined || first !== undefined) {
      write(change, collector);
      mayFail = true;
    } else for (const link of links) collector.index(link);
  }
  const { wanted, numbered } = collector;
  const encode = function* (known: NameLookup) {
    for (const change of changes) yield write(change, known);
  };
  if (collector.isFinal) return new Prepared(() => encode(new Collector()));

  const indexes = new Map<string, number>();
  let highest = 0;
  if (wanted.size >= MANY || numbered.size > 0) {
    const links = await socket.links({ ...options, onInterrupt: "partial" });
    for (const { name, altNames, ifindex } of links) {
      highest = Math.max(highest, ifindex);
      for (const one of [name, ...altNames]) {
        if (wanted.has(one)) indexes.set(one, ifindex);
      }
    }
  }
  const missing = [...wanted].filter((name) => !indexes.has(name));
  const found = await Promise.all(
    missing.map((name) => socket.link(name, options)),
  );
  missing.forEach((name, at) => indexes.set(name, found[at]!.ifindex));

  const table = new Table(indexes, numbered, highest + GAP);
  // Nothing is sent if a namespace cannot be opened.
  if (!mayFail) return new Prepared(() => encode(table), table);
  try {
    const requests = [...encode(table)];
    return new Prepared(() => requests, table);
  } catch (error) {
    table[Symbol.dispose]();
    throw error;
  }
}
