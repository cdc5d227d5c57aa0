// Reads the counters of links in several namespaces.

import { IFLA_CARRIER_CHANGES } from "../../ffi/uapi/linux_if_link.ts";
import { IFF_UP } from "../../ffi/uapi/net_if.ts";
import { namespaceNames } from "../../lib/netns/named_namespace.ts";
import { isGone } from "../../lib/netns/namespace.ts";
import type { Link } from "../../lib/rtnetlink/link/link.ts";
import type { LinkStatistics } from "../../lib/rtnetlink/link/statistics.ts";
import { RouteSocket } from "../../lib/rtnetlink/socket.ts";

/** The counters of a link under the kernel's names. */
export interface LinkCounters extends LinkStatistics {
  /** The number of carrier changes. */
  readonly carrier_changes: number;
}

/** A link and its counters at one time. */
export interface LinkSample {
  /** Undefined for the current namespace. */
  readonly namespace: string | undefined;
  readonly ifindex: number;
  readonly ifname: string;
  /** Undefined for a device. */
  readonly kind: string | undefined;
  /** IFF_UP. */
  readonly up: boolean;
  /** IF_OPER_*. */
  readonly operstate: number;
  /** Monotonic, in milliseconds. */
  readonly time: number;
  readonly counters: LinkCounters;
}

/** IF_OPER_UNKNOWN of links without a state, for example loopback, and IF_OPER_UP. */
const RUNNING = [0, 6];

/** Whether a link is up and its state allows traffic. */
export function isRunning(
  { up, operstate }: Pick<LinkSample, "up" | "operstate">,
): boolean {
  return up && RUNNING.includes(operstate);
}

/** Namespaces to read: undefined is the current one, "all" it and all named. */
export type SampledNamespaces = readonly (string | undefined)[] | "all";

/** Reads the counters of all links of its namespaces. */
export class LinkSampler {
  #opened = false;

  /**
   * @param namespaces Names that vanish after the first read are left out until
   * they are back.
   */
  constructor(readonly namespaces: SampledNamespaces) {}

  /** The links and their counters; order: by namespace, then as dumped. */
  async read(signal: AbortSignal): Promise<LinkSample[]> {
    const samples: LinkSample[] = [];
    const selected = this.namespaces === "all"
      ? [undefined, ...namespaceNames()]
      : this.namespaces;
    for (const namespace of selected) {
      for (const link of await this.#links(namespace, signal)) {
        const sample = sampleOf(namespace, link);
        if (sample !== undefined) samples.push(sample);
      }
    }
    this.#opened = true;
    return samples;
  }

  /** Opens a socket for each read: an open one would keep the namespace alive. */
  async #links(
    namespace: string | undefined,
    signal: AbortSignal,
  ): Promise<Iterable<Link>> {
    try {
      await using route = RouteSocket.open({ namespace });
      return await route.links({ statistics: true, signal });
    } catch (error) {
      const optional = this.namespaces === "all" || this.#opened;
      if (optional && isGone(error)) return [];
      throw error;
    }
  }
}

/** A link of a dump with statistics as a sample; undefined without counters. */
function sampleOf(
  namespace: string | undefined,
  link: Link,
): LinkSample | undefined {
  const counters = link.statistics;
  if (counters === undefined) return undefined;
  const carrier_changes = link.attribute(IFLA_CARRIER_CHANGES)?.u32() ?? 0;
  return {
    namespace,
    ifindex: link.ifindex,
    ifname: link.name,
    kind: link.kind,
    up: (link.flags & IFF_UP) !== 0,
    operstate: link.operstate,
    time: performance.now(),
    counters: { ...counters, carrier_changes },
  };
}
