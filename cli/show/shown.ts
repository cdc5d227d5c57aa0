// Types and helpers of all objects of `show`.

import type { JsonValue } from "../../lib/rtnetlink/spec/json.ts";
import type { DumpOutcome, OnInterrupt } from "../../lib/netlink/connection.ts";
import type { AddressFamily } from "../../lib/rtnetlink/family.ts";
import { LinkNames } from "../../lib/rtnetlink/link/names.ts";
import type { RouteSocket } from "../../lib/rtnetlink/socket.ts";

/** An object with the keys of iproute2. */
export type Json = Record<string, JsonValue>;

/** The result of one `show`. */
export interface Shown {
  /** The line above the objects as text. */
  readonly heading?: string;
  /** Iterated once: some are generated lazily. */
  readonly objects: Iterable<Json>;
  /** The same as the bytes of a JSON array, if that is cheaper. */
  readonly json?: Iterable<Uint8Array<ArrayBuffer>>;
  /** Whether the dump was interrupted, so objects may be missing. */
  readonly interrupted: boolean;
}

/** Options for all types of objects. */
export interface ShowOptions {
  readonly details?: boolean;
  /** As with `ip -s`; 2 as with `ip -s -s`. */
  readonly statistics?: boolean | 2;
  readonly family?: AddressFamily;
  /** Objects of this interface, by name. */
  readonly dev?: string;
  /** Whether links name the namespaces of others, in `link_netns`. */
  readonly namesNamespaces?: boolean;
  readonly onInterrupt?: OnInterrupt;
  readonly signal?: AbortSignal;
}

/** The options of each dump. */
export function bounds({ onInterrupt, signal }: ShowOptions) {
  return { onInterrupt, signal };
}

/** Whether any of the dumps was interrupted. */
export function interrupted(...dumps: DumpOutcome[]): boolean {
  return dumps.some((dump) => dump.interrupted);
}

/** The names of all links, and the index of --dev. */
export async function linkNames(
  route: RouteSocket,
  options: ShowOptions,
): Promise<{ names: LinkNames; ifindex?: number }> {
  // Names from an interrupted dump are sufficient.
  const names = new LinkNames(
    await route.links({ ...bounds(options), onInterrupt: "partial" }),
  );
  if (options.dev === undefined) return { names };
  const ifindex = names.index(options.dev) ??
    (await route.link(options.dev, { signal: options.signal })).ifindex;
  return { names, ifindex };
}
