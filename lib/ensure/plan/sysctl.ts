// Desired sysctls: read and written in their namespace.

import { writeSysctl } from "../../netns/sysctl.ts";
import type { Change } from "../../rtnetlink/changes/change.ts";
import type { DesiredSysctl } from "../parse/desired.ts";
import { Order } from "./action.ts";
import type { DesiredObject } from "./desired_object.ts";

/** The change that writes a sysctl. */
function sysctlChange(name: string, value: string): Change {
  const what = `set sysctl ${name} to ${value}`;
  return {
    what,
    first: {
      description: what,
      run: (namespace) =>
        Promise.resolve().then(() => writeSysctl(namespace, name, value)),
    },
    requests: () => [],
  };
}

/** A desired sysctl. */
export function desiredSysctl(
  { path, name, value, dev }: DesiredSysctl,
): DesiredObject {
  return {
    object: "sysctl",
    order: dev === undefined ? Order.sysctl : Order.linkSysctl,
    name,
    path,
    devices: dev === undefined ? [] : [dev],
    key: () => name,
    find: (state) => state.sysctl(name),
    correction(state) {
      const is = state.sysctl(name);
      if (is === value) return undefined;
      return {
        action: "change",
        differences: [{ key: "value", is: is ?? "not set", wanted: value }],
        changes: [sysctlChange(name, value)],
        undo: [],
      };
    },
    // Its value before is not known.
    removal: () => undefined,
  };
}
