// Neighbours, rules and nexthop objects as they are to be, beside those there
// are.

import { FIB_RULE_INVERT } from "../../../ffi/layout/linux_fib_rules.ts";
import {
  NTF_EXT_LEARNED,
  NTF_ROUTER,
  NUD_NOARP,
  NUD_PERMANENT,
} from "../../../ffi/layout/linux_neighbour.ts";
import { RTNH_F_ONLINK } from "../../../ffi/layout/linux_rtnetlink.ts";
import {
  addNeighbour,
  deleteNeighbour,
  replaceNeighbour,
} from "../change/neighbour.ts";
import {
  addNexthop,
  deleteNexthop,
  type NexthopObjectSpec,
  replaceNexthop,
} from "../change/nexthop.ts";
import { addRule, deleteRule, type RuleSpec } from "../change/rule.ts";
import { same } from "../monitor/differences.ts";
import { decodeNeighbour, type Neighbour } from "../neighbour.ts";
import { decodeNexthop, type Nexthop } from "../nexthop.ts";
import { decodeRule, type Rule } from "../rule.ts";
import { type Correction, decoded, differs } from "./decoded.ts";
import type { NeighbourDescription } from "./description.ts";
import type { State } from "./state.ts";

/** States that do not change by themselves. */
const LASTING = NUD_PERMANENT | NUD_NOARP;

/** The neighbour of a state that is meant by a description. */
export function findNeighbour(
  description: NeighbourDescription,
  state: State,
): Neighbour | undefined {
  const wanted = decoded(
    addNeighbour(description),
    state.numbers,
    decodeNeighbour,
  );
  return state.neighbours.find((is) =>
    is.ifindex === wanted.ifindex && is.family === wanted.family &&
    is.destination === wanted.destination
  );
}

/** What a neighbour lacks; undefined if nothing. */
export function neighbourCorrection(
  spec: NeighbourDescription,
  state: State,
): Correction | undefined {
  const is = findNeighbour(spec, state);
  const wanted = decoded(addNeighbour(spec), state.numbers, decodeNeighbour);
  const changes = [replaceNeighbour(spec)];
  if (is === undefined) {
    return {
      action: "add",
      reasons: [],
      changes,
      undo: [deleteNeighbour(spec)],
    };
  }
  const reasons: string[] = [];
  if (spec.lladdr !== undefined && is.linkAddress !== wanted.linkAddress) {
    reasons.push(differs("lladdr", is.linkAddress, wanted.linkAddress));
  }
  if (wanted.state & LASTING && is.state !== wanted.state) {
    reasons.push(differs("nud", "another", spec.nud ?? "permanent"));
  }
  for (
    const [word, bit] of [
      ["router", NTF_ROUTER],
      ["extern_learn", NTF_EXT_LEARNED],
    ] as const
  ) {
    if (spec[word] === undefined) continue;
    if ((is.flags & bit) === (wanted.flags & bit)) continue;
    reasons.push(differs(word, is.flags & bit ? "on" : "off", spec[word]));
  }
  return reasons.length === 0
    ? undefined
    : { action: "change", reasons, changes, undo: [] };
}

/** A rule without what the kernel adds and what nobody asked for. */
function essence(rule: Rule, { priority, protocol }: RuleSpec): unknown {
  const { flags, ...rest } = rule;
  return {
    ...rest,
    priority: priority === undefined ? 0 : rule.priority,
    protocol: protocol === undefined ? 0 : rule.protocol,
    inverted: (flags & FIB_RULE_INVERT) !== 0,
    suppressPrefixLength: rule.suppressPrefixLength ?? -1,
    suppressGroup: rule.suppressGroup ?? -1,
    mark: rule.mark ?? 0,
    markMask: rule.markMask ?? (rule.mark ? 0xffff_ffff : 0),
    tunnelId: String(rule.tunnelId ?? 0),
  };
}

/** The rule of a state that is meant by a description. */
export function findRule(spec: RuleSpec, state: State): Rule | undefined {
  const wanted = decoded(addRule(spec), state.numbers, decodeRule);
  const what = essence(wanted, spec);
  return state.rules.find((is) => same(essence(is, spec), what));
}

/** What a rule lacks: itself, or nothing. */
export function ruleCorrection(
  spec: RuleSpec,
  state: State,
): Correction | undefined {
  return findRule(spec, state) !== undefined ? undefined : {
    action: "add",
    reasons: [],
    changes: [addRule(spec)],
    undo: [deleteRule(spec)],
  };
}

/** What a nexthop object lacks; undefined if nothing. */
export function nexthopCorrection(
  spec: NexthopObjectSpec,
  state: State,
): Correction | undefined {
  const is = state.nexthops.find(({ id }) => id === spec.id);
  const changes = [replaceNexthop(spec)];
  if (is === undefined) {
    const undo = [deleteNexthop(spec.id!)];
    return { action: "add", reasons: [], changes, undo };
  }
  const wanted = decoded(addNexthop(spec), state.numbers, decodeNexthop);
  const reasons = nexthopReasons(spec, wanted, is, state);
  return reasons.length === 0
    ? undefined
    : { action: "change", reasons, changes, undo: [] };
}

function nexthopReasons(
  spec: NexthopObjectSpec,
  wanted: Nexthop,
  is: Nexthop,
  state: State,
): string[] {
  const reasons: string[] = [];
  const compare = (word: string, told: unknown, asked: unknown) => {
    if (!same(told, asked)) {
      const text = (value: unknown) =>
        typeof value === "object" ? JSON.stringify(value) : value;
      reasons.push(differs(word, text(told), text(asked) ?? "none"));
    }
  };
  compare("via", is.gateway, wanted.gateway);
  compare("blackhole", is.blackhole, wanted.blackhole);
  compare("group", is.group, wanted.group);
  if (spec.dev !== undefined && is.ifindex !== wanted.ifindex) {
    reasons.push(differs("dev", state.nameOf(is.ifindex), spec.dev));
  }
  if (spec.onlink !== undefined) {
    const onlink = (is.flags & RTNH_F_ONLINK) !== 0;
    compare("onlink", onlink, spec.onlink);
  }
  return reasons;
}
