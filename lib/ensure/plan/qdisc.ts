// Desired queueing disciplines and classes: compared with the state, changed or
// made again.

import type { Change } from "../../rtnetlink/changes/change.ts";
import {
  addClass,
  addQdisc,
  deleteClass,
  deleteQdisc,
  replaceClass,
  replaceQdisc,
  resetQdisc,
} from "../../rtnetlink/changes/qdisc.ts";
import {
  classIdentity,
  qdiscIdentity,
} from "../../rtnetlink/monitor/identities.ts";
import { decodeQdisc, type Qdisc } from "../../rtnetlink/qdisc.ts";
import {
  classDifferences,
  qdiscDifferences,
} from "../../rtnetlink/qdiscs/differences.ts";
import { qdiscKindNamed } from "../../rtnetlink/qdiscs/list.ts";
import type { OptionValues } from "../../rtnetlink/spec/attribute.ts";
import type {
  ClassConfiguration,
  QdiscConfiguration,
} from "../parse/configuration.ts";
import { pathOf } from "../parse/desired.ts";
import { Order } from "./action.ts";
import { longestPaths } from "./dependency_order.ts";
import {
  type Correction,
  decoded,
  type DesiredObject,
} from "./desired_object.ts";
import type { State } from "./state.ts";

/** The desired object as the kernel would report it. */
function asReported(change: Change, state: State): Qdisc {
  return decoded(change, state.numbers, decodeQdisc);
}

/** The id of a queueing discipline or a class, as in `tc`. */
export function idText(id: number): string {
  const minor = id & 0xffff;
  return `${(id >>> 16).toString(16)}:${minor === 0 ? "" : minor.toString(16)}`;
}

/** A desired queueing discipline. */
export function desiredQdisc(
  dev: string,
  configuration: QdiscConfiguration,
): DesiredObject {
  const spec = { ...configuration, dev };
  const { kind, parent, handle, options = {} } = spec;
  const isFixed = qdiscKindNamed(kind)?.isFixed === true;
  const isIngress = qdiscKindNamed(kind)?.isIngress === true;
  const place = isIngress ? "ingress" : parent ?? "root";
  const isInner = !["root", "ingress"].includes(place);
  const add = addQdisc(spec);
  const remove = deleteQdisc({ dev, parent: place });
  const find = (state: State) => {
    const key = qdiscIdentity.key(asReported(add, state));
    return state.qdiscs.get(key);
  };
  return {
    object: "qdisc",
    order: isInner ? Order.innerQdisc : Order.qdisc,
    name: isInner ? `${kind} at ${parent} of ${dev}` : `${kind} of ${dev}`,
    path: pathOf(configuration),
    devices: [dev],
    key: (state) => qdiscIdentity.key(asReported(add, state)),
    find,
    correction(state): Correction | undefined {
      const is = find(state);
      const undo = [remove];
      const replaced = isIngress ? add : replaceQdisc(spec);
      // The kernel's default has no handle.
      if (is === undefined || is.handle === 0) {
        return { action: "add", differences: [], changes: [replaced], undo };
      }
      const wanted = asReported(add, state);
      const renewed = [remove, add];
      if (is.kind !== kind) {
        const differences = [{ key: "kind", is: is.kind, wanted: kind }];
        return { action: "change", differences, changes: renewed, undo: [] };
      }
      if (handle !== undefined && is.handle !== wanted.handle) {
        const differences = [
          { key: "handle", is: idText(is.handle), wanted: handle },
        ];
        return { action: "change", differences, changes: renewed, undo: [] };
      }
      const differences = qdiscDifferences(is, wanted, options as OptionValues);
      if (differences.length === 0) return undefined;
      const changes = isFixed ? renewed : [resetQdisc(spec)];
      return {
        action: "change",
        differences,
        changes,
        undo: [],
      };
    },
    removal(state) {
      const is = find(state);
      const isOther = is === undefined || is.handle === 0 || is.kind !== kind;
      return isOther ? undefined : [remove];
    },
  };
}

/**
 * A desired class.
 *
 * @param depth The number of classes that it is in.
 */
export function desiredClass(
  dev: string,
  configuration: ClassConfiguration,
  depth: number,
): DesiredObject {
  const spec = { ...configuration, dev };
  const { classid, parent, options = {} } = spec;
  const add = addClass(spec);
  const find = (state: State) =>
    state.classes.get(classIdentity.key(asReported(add, state)));
  return {
    object: "class",
    // Classes that others are in come first.
    order: Order.class + Math.min(depth, 99) / 100,
    name: `${classid} of ${dev}`,
    path: pathOf(configuration),
    devices: [dev],
    key: (state) => classIdentity.key(asReported(add, state)),
    find,
    correction(state): Correction | undefined {
      const is = find(state);
      const undo = [deleteClass({ dev, classid })];
      if (is === undefined) {
        return { action: "add", differences: [], changes: [add], undo };
      }
      const wanted = asReported(add, state);
      // htb reports classes without a parent class at the root.
      const isMoved = parent !== undefined && parent.split(":")[1] !== "" &&
        is.parent !== wanted.parent;
      const differences = classDifferences(is, wanted, options);
      if (!isMoved && differences.length === 0) return undefined;
      return {
        action: "change",
        differences: isMoved
          ? [{ key: "parent", is: idText(is.parent), wanted: parent }]
          : differences,
        changes: isMoved
          ? [deleteClass({ dev, classid }), add]
          : [replaceClass(spec)],
        undo: [],
      };
    },
    removal: (state) =>
      find(state) === undefined ? undefined : [deleteClass({ dev, classid })],
  };
}

/** The number of classes that each class is in. */
export function classDepths(
  classes: readonly ClassConfiguration[],
): ReadonlyMap<ClassConfiguration, number> {
  const byId = new Map(classes.map((one) => [one.classid, one]));
  const outer = ({ parent }: ClassConfiguration) => byId.get(parent ?? "");
  return longestPaths(
    classes,
    (one) => outer(one) === undefined ? 0 : 1,
    (one) => [outer(one)].filter((other) => other !== undefined),
  );
}
