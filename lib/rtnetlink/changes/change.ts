// A change of kernel objects as a plain value, which can be printed, compared
// and sent in a batch.

import {
  NLM_F_APPEND,
  NLM_F_CREATE,
  NLM_F_EXCL,
  NLM_F_REPLACE,
} from "../../../ffi/uapi/linux_netlink.ts";
import type { NetlinkRequest } from "../../netlink/transaction.ts";
import type { Namespace } from "../../netns/namespace.ts";
import type { NameLookup } from "../spec/name_lookup.ts";
import type { NetlinkError } from "../../netlink/errors.ts";

/** An action without a message: a created link, or a written file. */
export interface CreateAction {
  /** The name of the created link. */
  readonly link?: string;
  /**
   * Its description: "open /dev/net/tun for tun0 (TUNSETIFF, TUNSETPERSIST)".
   */
  readonly description: string;
  /**
   * Runs the action.
   *
   * @param namespace The network namespace; undefined is this thread's.
   */
  run(namespace: Namespace | undefined): Promise<void>;
}

/**
 * A change of links, addresses, routes, neighbours, rules or nexthops, built by
 * addLink() and similar functions, applied by Network.apply().
 */
export interface Change {
  /** Its description in errors: "add link veth0". */
  readonly what: string;
  /**
   * The messages of the change, in order.
   *
   * @internal
   */
  requests(names: NameLookup): NetlinkRequest[];
  /**
   * The names of links that the messages refer to, if they depend on nothing
   * else; the messages are encoded to find out otherwise.
   *
   * @internal
   */
  readonly links?: readonly string[];
  /**
   * What happens before the messages, if they are not enough.
   *
   * @internal
   */
  readonly first?: CreateAction;
  /**
   * Advice for an error, beyond that of its errno.
   *
   * @internal
   */
  advice?(error: NetlinkError): string | undefined;
}

/** The name lookup for changes that refer to links by ifindex only. */
export const NUMBERED: NameLookup = {
  index: (link) => typeof link === "number" ? link : 1,
  creates: () => 0,
  calls() {},
  namespace: () => 0,
};

/**
 * Returns the change after checking that its messages can be encoded. Messages
 * that depend on no name are encoded once.
 */
export function checked(change: Change): Change {
  const use = new NameUse();
  const requests = change.requests(use);
  const { links } = use;
  if (links === undefined) return change;
  return links.length > 0
    ? { ...change, links }
    : { ...change, links, requests: () => requests };
}

/** NUMBERED, which records what messages depend on. */
class NameUse implements NameLookup {
  /** The names of links; undefined if there is more. */
  links: string[] | undefined = [];

  index(link: string | number): number {
    if (typeof link === "number") return link;
    this.links?.push(link);
    return 1;
  }

  creates(): number {
    this.links = undefined;
    return 0;
  }

  calls(): void {
    this.links = undefined;
  }

  namespace(): number {
    this.links = undefined;
    return 0;
  }
}

/** What a request does with an object. */
export type Verb =
  | "add"
  | "change"
  | "replace"
  | "prepend"
  | "append"
  | "test"
  | "delete";

/** The flags of the message. */
export const FLAGS_OF: { readonly [V in Verb]: number } = {
  add: NLM_F_CREATE | NLM_F_EXCL,
  change: NLM_F_REPLACE,
  replace: NLM_F_CREATE | NLM_F_REPLACE,
  prepend: NLM_F_CREATE,
  append: NLM_F_CREATE | NLM_F_APPEND,
  test: NLM_F_EXCL,
  delete: 0,
};
