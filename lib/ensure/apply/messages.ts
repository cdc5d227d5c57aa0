// The messages that steps would send, written without sending any: links that
// are not there yet are given the numbers that come next.

import type { NameLookup } from "../../rtnetlink/spec/name_lookup.ts";
import type { FirstStep } from "../../rtnetlink/changes/change.ts";
import type { NetlinkRequest } from "../../netlink/transaction.ts";
import type { NamespaceName } from "../parse/desired.ts";
import { NOTHING, type State } from "../plan/state.ts";
import type { Step } from "../plan/step.ts";
import type { View } from "../plan/whereabouts.ts";

/** A message of a step, or what is done in place of one. */
export interface StepMessage {
  /** The step it belongs to. */
  readonly step: Step;
  /** The namespace it is sent in. */
  readonly where: NamespaceName;
  /** The message. */
  readonly request?: NetlinkRequest;
  /**
   * What makes a link that no message makes.
   *
   * @internal
   */
  readonly first?: FirstStep;
}

/** The first descriptor a program opens after the standard ones. */
const FIRST_DESCRIPTOR = 3;

/** Numbers for what is there and for what would be. */
class Numbers implements NameLookup {
  readonly #state: State;
  readonly #made = new Map<string, number>();
  #next: number;

  constructor(state: State) {
    this.#state = state;
    let highest = 1;
    for (const { ifindex } of state.links) highest = Math.max(highest, ifindex);
    this.#next = highest + 1;
  }

  index(link: string | number): number {
    return typeof link === "number"
      ? link
      : this.#made.get(link) ?? this.#state.named(link)?.ifindex ??
        this.#make(link);
  }

  creates(name: string): number {
    this.#make(name);
    return 0;
  }

  calls(link: string | number, name: string): void {
    this.#made.set(name, this.index(link));
  }

  namespace(): number {
    return FIRST_DESCRIPTOR;
  }

  #make(name: string): number {
    this.#made.set(name, this.#next);
    return this.#next++;
  }
}

/** Writes the messages of steps, in the order in which they would be sent. */
export function messagesOf(steps: readonly Step[], view: View): StepMessage[] {
  const numbers = new Map<NamespaceName, Numbers>();
  const turns = steps.flatMap((step) =>
    step.parts.map((part) => ({ step, ...part }))
  );
  return turns.toSorted((a, b) => a.order - b.order).flatMap((
    { step, where, changes },
  ) => {
    if (!numbers.has(where)) {
      numbers.set(where, new Numbers(view.state(where) ?? NOTHING));
    }
    const known = numbers.get(where)!;
    return changes.flatMap(({ first, requests }): StepMessage[] => {
      if (first !== undefined) known.creates(first.makes);
      return [
        ...(first === undefined ? [] : [{ step, where, first }]),
        ...requests(known).map((request) => ({ step, where, request })),
      ];
    });
  });
}
