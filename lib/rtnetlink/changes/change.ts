// A change of the kernel's objects that is not made yet: a plain value, so that
// it can be shown, compared and sent together with others.

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

/** A link that is made by other means than a message. */
export interface FirstStep {
  /** Its name. */
  readonly makes: string;
  /** How, for people: "open /dev/net/tun for tun0 (TUNSETIFF, TUNSETPERSIST)". */
  readonly tells: string;
  /**
   * Makes it.
   *
   * @param namespace Where; undefined is the thread's own.
   */
  run(namespace: Namespace | undefined): Promise<void>;
}

/**
 * A change of links, addresses, routes, neighbours, rules or nexthops, made by
 * addLink() and its like and carried out by Network.apply().
 */
export interface Change {
  /** What it does, for messages: "add link veth0". */
  readonly what: string;
  /**
   * The messages that carry it out, one after the other.
   *
   * @internal
   */
  requests(names: NameLookup): NetlinkRequest[];
  /**
   * What is done before the messages where none does it.
   *
   * @internal
   */
  readonly first?: FirstStep;
  /**
   * What to do about a refusal, where there is more to say than the kernel does.
   *
   * @internal
   */
  advice?(error: NetlinkError): string | undefined;
}

/** The numbers of changes that speak of links by their index alone. */
export const NUMBERED: NameLookup = {
  index: (link) => typeof link === "number" ? link : 1,
  creates: () => 0,
  calls() {},
  namespace: () => 0,
};

/** The change itself, once it is sure that it can be written. */
export function checked(change: Change): Change {
  change.requests(NUMBERED);
  return change;
}

/** What a request does with an object. */
export type Verb = "add" | "replace" | "append" | "delete";

/** The flags of its message. */
export const FLAGS_OF: { readonly [V in Verb]: number } = {
  add: NLM_F_CREATE | NLM_F_EXCL,
  replace: NLM_F_CREATE | NLM_F_REPLACE,
  append: NLM_F_CREATE | NLM_F_APPEND,
  delete: 0,
};
