// Neighbours, rules and nexthop objects as they are to be, beside those there
// are.

import {
  NTF_EXT_LEARNED,
  NTF_ROUTER,
  NUD_NOARP,
  NUD_PERMANENT,
} from "../../../ffi/uapi/linux_neighbour.ts";
import { RTNH_F_ONLINK } from "../../../ffi/uapi/linux_rtnetlink.ts";
import {
  addNeighbour,
  deleteNeighbour,
  replaceNeighbour,
} from "../../rtnetlink/changes/neighbour.ts";
import {
  addNexthop,
  deleteNexthop,
  type NexthopObjectSpec,
  replaceNexthop,
} from "../../rtnetlink/changes/nexthop.ts";
import {
  addRule,
  deleteRule,
  type RuleSpec,
} from "../../rtnetlink/changes/rule.ts";
import { same } from "../../rtnetlink/monitor/differences.ts";
import {
  neighbourIdentity,
  nexthopIdentity,
} from "../../rtnetlink/monitor/identities.ts";
import { decodeNeighbour, type Neighbour } from "../../rtnetlink/neighbour.ts";
import { decodeNexthop, type Nexthop } from "../../rtnetlink/nexthop.ts";
import { decodeRule, type Rule } from "../../rtnetlink/rule.ts";
import { changeOf } from "../parse/desired.ts";
import { Order } from "./action.ts";
import type { NeighbourConfiguration } from "../parse/configuration.ts";
import {
  type Correction,
  type DesiredObject,
  deviceNames,
  differs,
  ruleName,
  Wanted,
} from "./desired_object.ts";
import { selectorOf } from "./rule_table.ts";
import type { State } from "./state.ts";

/** States that do not change by themselves. */
const LASTING = NUD_PERMANENT | NUD_NOARP;

/** A desired neighbour. */
export function desiredNeighbour(spec: NeighbourConfiguration): DesiredObject {
  const devices = deviceNames([spec.dev]);
  const wanted = new Wanted<Neighbour>({
    change: changeOf(spec, () => addNeighbour(spec)),
    devices,
    decode: decodeNeighbour,
    key: neighbourIdentity.key,
  });
  const find = (state: State) => state.neighbours.get(wanted.key(state));
  return {
    object: "neighbour",
    order: Order.neighbour,
    name: `${spec.to} of ${spec.dev}`,
    devices,
    key: (state) => wanted.key(state),
    find,
    correction: (state) =>
      neighbourCorrection(spec, wanted.value(state), find(state)),
  };
}

function neighbourCorrection(
  spec: NeighbourConfiguration,
  wanted: Neighbour,
  is: Neighbour | undefined,
): Correction | undefined {
  if (is === undefined) {
    return {
      action: "add",
      reasons: [],
      changes: [replaceNeighbour(spec)],
      get undo() {
        return [deleteNeighbour(spec)];
      },
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
  return reasons.length === 0 ? undefined : {
    action: "change",
    reasons,
    changes: [replaceNeighbour(spec)],
    undo: [],
  };
}

/** A desired rule. */
export function desiredRule(spec: RuleSpec): DesiredObject {
  const wanted = new Wanted<Rule>({
    change: changeOf(spec, () => addRule(spec)),
    devices: [],
    decode: decodeRule,
    key: selectorOf,
  });
  const find = (state: State) =>
    state.ruleTables.find(spec, wanted.value(state));
  return {
    object: "rule",
    order: Order.rule,
    name: ruleName(spec),
    devices: [],
    key: (state) => wanted.key(state),
    find,
    correction: (state) =>
      find(state) !== undefined ? undefined : {
        action: "add",
        reasons: [],
        changes: [wanted.change],
        get undo() {
          return [deleteRule(spec)];
        },
      },
  };
}

/** A desired nexthop object. */
export function desiredNexthop(spec: NexthopObjectSpec): DesiredObject {
  const devices = deviceNames([spec.dev]);
  const wanted = new Wanted<Nexthop>({
    change: changeOf(spec, () => addNexthop(spec)),
    devices,
    decode: decodeNexthop,
    key: nexthopIdentity.key,
  });
  const find = (state: State) => state.nexthops.get(spec.id!);
  return {
    object: "nexthop",
    // A group needs its members.
    order: Order.nexthop + (spec.group === undefined ? 0 : 1),
    name: `${spec.id}`,
    devices,
    key: () => spec.id!,
    find,
    correction(state) {
      const is = find(state);
      if (is === undefined) {
        return {
          action: "add",
          reasons: [],
          changes: [replaceNexthop(spec)],
          get undo() {
            return [deleteNexthop(spec.id!)];
          },
        };
      }
      const reasons = nexthopReasons(spec, wanted.value(state), is, state);
      return reasons.length === 0 ? undefined : {
        action: "change",
        reasons,
        changes: [replaceNexthop(spec)],
        undo: [],
      };
    },
  };
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
