// Options of presentation, the same for every object.

import type { BpfProgram } from "../rtnetlink/bpf_program.ts";
import { LinkNames } from "../rtnetlink/link/names.ts";
import type { Nexthop } from "../rtnetlink/nexthop.ts";
import type { JsonContext } from "../rtnetlink/spec/object.ts";

/** How to present an object as `ip -j` does: the same for every object. */
export interface IpJsonOptions {
  /** The links of the namespace, for their names; default: "if7" and the like. */
  readonly names?: LinkNames | undefined;
  /** As with `ip -d`. */
  readonly details?: boolean | undefined;
  /** As with `ip -s`; 2 as with `ip -s -s`. */
  readonly statistics?: boolean | 2 | undefined;
  /** Of routes, omit the table, as `ip` does when it is a filter. */
  readonly oneTable?: boolean | undefined;
  /** Of routes and neighbours, omit the link likewise. */
  readonly oneDevice?: boolean | undefined;
  /** Of routes, omit the protocol likewise. */
  readonly oneProtocol?: boolean | undefined;
  /** Of routes, omit the scope likewise. */
  readonly oneScope?: boolean | undefined;
  /** The nexthop objects by their id, for details of routes. */
  readonly nexthops?: ReadonlyMap<number, Nexthop> | undefined;
  /**
   * Of links, details of an XDP program beside its id.
   *
   * @internal
   */
  readonly program?: (id: number) => BpfProgram | undefined;
  /**
   * Of links, what `ip address` prints, which leaves some of it out.
   *
   * @internal
   */
  readonly forAddresses?: boolean | undefined;
  /**
   * Of links, nothing of the link layer, as `ip -4 address`.
   *
   * @internal
   */
  readonly withoutLinkLayer?: boolean | undefined;
  /**
   * The length of a link's queue, where the message does not have it.
   *
   * @internal
   */
  readonly txqlen?: number | undefined;
}

/** No link is known by name. */
export const NO_NAMES: LinkNames = new LinkNames();

/** What the tables of objects print from. */
export function jsonContext(options: IpJsonOptions): JsonContext {
  const { names = NO_NAMES } = options;
  return names === options.names
    ? options as JsonContext
    : { ...options, names };
}

export type { JsonValue } from "../rtnetlink/spec/json.ts";
