// What `show` shows: objects under iproute2's keys, and whether they are sure.

import type { JsonValue } from "../../lib/rtnetlink/spec/json.ts";
import type { DumpOutcome, OnInterrupt } from "../../lib/netlink/connection.ts";
import type { AddressFamily } from "../../lib/rtnetlink/family.ts";
import { LinkNames } from "../../lib/rtnetlink/link/names.ts";
import type { RouteSocket } from "../../lib/rtnetlink/socket.ts";

/** One object under iproute2's keys. */
export type Json = Record<string, JsonValue>;

/** The answer to one `show`. */
export interface Shown {
  /** To be gone through once: some are made only then. */
  readonly objects: Iterable<Json>;
  /** The same as the bytes of a JSON array, where they can be had for less. */
  readonly json?: Iterable<Uint8Array<ArrayBuffer>>;
  /** Whether changes interrupted it, so that something may be missing. */
  readonly interrupted: boolean;
}

/** What all of them understand. */
export interface ShowOptions {
  readonly details?: boolean;
  readonly statistics?: boolean;
  readonly family?: AddressFamily;
  /** Only what belongs to this interface, by its name. */
  readonly dev?: string;
  readonly onInterrupt?: OnInterrupt;
  readonly signal?: AbortSignal;
}

/** What bounds each dump. */
export function bounds({ onInterrupt, signal }: ShowOptions) {
  return { onInterrupt, signal };
}

/** Whether any of the dumps was interrupted. */
export function interrupted(...dumps: DumpOutcome[]): boolean {
  return dumps.some((dump) => dump.interrupted);
}

/** The names of all links, and which one was asked for. */
export async function linkNames(
  route: RouteSocket,
  options: ShowOptions,
): Promise<{ names: LinkNames; ifindex?: number }> {
  // A name that is gone a moment later is still the name there was.
  const names = new LinkNames(
    await route.links({ ...bounds(options), onInterrupt: "partial" }),
  );
  if (options.dev === undefined) return { names };
  const ifindex = names.index(options.dev) ??
    (await route.link(options.dev, { signal: options.signal })).ifindex;
  return { names, ifindex };
}
