// Output options of all types of objects.

import type { BpfProgram } from "../rtnetlink/bpf_program.ts";
import { LinkNames } from "../rtnetlink/link/names.ts";
import type { Nexthop } from "../rtnetlink/nexthop.ts";
import type { JsonContext } from "../rtnetlink/spec/object.ts";

/** Output options in the format of `ip -j`, for all types of objects. */
export interface IpJsonOptions {
  /** The links of the namespace, for their names; default: "if7". */
  readonly names?: LinkNames | undefined;
  /** As with `ip -d`. */
  readonly details?: boolean | undefined;
  /** As with `ip -s`; 2 as with `ip -s -s`. */
  readonly statistics?: boolean | 2 | undefined;
  /** For routes, omit the table, as `ip` does for a table filter. */
  readonly oneTable?: boolean | undefined;
  /** For routes and neighbours, omit the interface. */
  readonly oneDevice?: boolean | undefined;
  /** For routes, omit the protocol. */
  readonly oneProtocol?: boolean | undefined;
  /** For routes, omit the scope. */
  readonly oneScope?: boolean | undefined;
  /** The nexthop objects by id, for details of routes. */
  readonly nexthops?: ReadonlyMap<number, Nexthop> | undefined;
  /**
   * For links, details of an XDP program in addition to its id.
   *
   * @internal
   */
  readonly program?: (id: number) => BpfProgram | undefined;
  /**
   * For links, the reduced output of `ip address`.
   *
   * @internal
   */
  readonly forAddresses?: boolean | undefined;
  /**
   * For links, omit the link layer, as `ip -4 address` does.
   *
   * @internal
   */
  readonly withoutLinkLayer?: boolean | undefined;
  /**
   * The length of a link's transmit queue, if the message does not have it.
   *
   * @internal
   */
  readonly txqlen?: number | undefined;
}

/** No known links. */
export const NO_NAMES: LinkNames = new LinkNames();

/** The context for the tables of objects. */
export function jsonContext(options: IpJsonOptions): JsonContext {
  const { names = NO_NAMES } = options;
  return names === options.names
    ? options as JsonContext
    : { ...options, names };
}

export type { JsonValue } from "../rtnetlink/spec/json.ts";
