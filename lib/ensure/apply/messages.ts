// Encodes the messages of actions without sending them: links that do not exist
// yet get the next free indexes.

import type { NetlinkRequest } from "../../netlink/transaction.ts";
import type { CreateAction } from "../../rtnetlink/changes/change.ts";
import type { NameLookup } from "../../rtnetlink/spec/name_lookup.ts";
import type { NamespaceName } from "../parse/desired.ts";
import type { Action } from "../plan/action.ts";
import { EMPTY, type State, type View } from "../plan/state.ts";

/** A message of an action, or the action in place of one. */
export interface ActionMessage {
  /** The action it belongs to. */
  readonly action: Action;
  /** The namespace it is sent in. */
  readonly namespace: NamespaceName;
  /** The message. */
  readonly request?: NetlinkRequest;
  /**
   * What is done without a message.
   *
   * @internal
   */
  readonly first?: CreateAction;
}

/** The first descriptor that a program opens after the standard ones. */
const FIRST_DESCRIPTOR = 3;

/** Ifindexes of existing and future links. */
class Indexes implements NameLookup {
  readonly #state: State;
  readonly #created = new Map<string, number>();
  #next = 2;

  constructor(state: State) {
    this.#state = state;
    for (const { ifindex } of state.links) {
      this.#next = Math.max(this.#next, ifindex + 1);
    }
  }

  index(link: string | number): number {
    if (typeof link === "number") return link;
    return this.#created.get(link) ?? this.#state.named(link)?.ifindex ??
      this.#create(link);
  }

  creates(name: string): number {
    this.#create(name);
    return 0;
  }

  calls(link: string | number, name: string): void {
    this.#created.set(name, this.index(link));
  }

  namespace(): number {
    return FIRST_DESCRIPTOR;
  }

  #create(name: string): number {
    this.#created.set(name, this.#next);
    return this.#next++;
  }
}

/** Encodes the messages of actions, in the order of sending. */
export function messagesOf(
  actions: readonly Action[],
  view: View,
): ActionMessage[] {
  const indexes = new Map<NamespaceName, Indexes>();
  const works = actions.flatMap((action) =>
    action.parts.map((part) => ({ action, ...part }))
  );
  return works.toSorted((a, b) => a.order - b.order).flatMap(
    ({ action, namespace, changes }) => {
      if (!indexes.has(namespace)) {
        indexes.set(namespace, new Indexes(view.state(namespace) ?? EMPTY));
      }
      const names = indexes.get(namespace)!;
      return changes.flatMap(({ first, requests }): ActionMessage[] => {
        if (first?.link !== undefined) names.creates(first.link);
        return [
          ...(first === undefined ? [] : [{ action, namespace, first }]),
          ...requests(names).map((request) => ({ action, namespace, request })),
        ];
      });
    },
  );
}
