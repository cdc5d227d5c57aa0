// Finds desired objects that exist and cannot be used yet: links without a
// carrier, ports that do not forward, addresses that are tentative.

import {
  IFA_F_DADFAILED,
  IFA_F_OPTIMISTIC,
  IFA_F_TENTATIVE,
} from "../../../ffi/uapi/linux_if_addr.ts";
import { BR_STATE_FORWARDING } from "../../../ffi/uapi/linux_if_bridge.ts";
import { IFF_RUNNING } from "../../../ffi/uapi/net_if.ts";
import type { Address } from "../../rtnetlink/address.ts";
import { portKind } from "../../rtnetlink/kinds/mod.ts";
import type {
  DesiredLink,
  DesiredNamespace,
  DesiredNetwork,
  NamespaceName,
} from "../parse/desired.ts";
import type { ObjectType } from "./action.ts";
import { desiredObjects } from "./desired_objects.ts";
import type { State, View } from "./state.ts";

/** A desired object that cannot be used yet. */
export interface Unready {
  /** Its type: "namespace", "link" or "address". */
  readonly object: ObjectType;
  /** Its namespace. */
  readonly namespace: NamespaceName;
  /** Its name: "br0", "2001:db8::1/64 of br0". */
  readonly name: string;
  /** Why it cannot be used: "no carrier". */
  readonly reason: string;
}

/** The desired objects that cannot be used yet. */
export function unready(
  { namespaces }: DesiredNetwork,
  view: View,
): Unready[] {
  return namespaces.flatMap((namespace) => {
    const { name } = namespace;
    const state = view.state(name);
    if (state === undefined) {
      const reason = "does not exist";
      return name === undefined
        ? []
        : [{ object: "namespace", namespace: name, name, reason }];
    }
    return [
      ...unreadyLinks(namespace, state),
      ...tentativeAddresses(namespace, state),
    ];
  });
}

function* unreadyLinks(
  { name: namespace, links }: DesiredNamespace,
  state: State,
): Generator<Unready, void, void> {
  const masters = new Set(links.map(({ master }) => master));
  for (const desired of links) {
    const reason = linkReason(desired, state, masters.has(desired.name));
    const { name } = desired;
    if (reason !== undefined) yield { object: "link", namespace, name, reason };
  }
}

function linkReason(
  { name, settings, kind }: DesiredLink,
  state: State,
  hasPorts: boolean,
): string | undefined {
  const link = state.named(name);
  if (link === undefined) return "does not exist";
  // A bridge or bond without ports has no carrier.
  const hasCarrier = (kind !== "bridge" && kind !== "bond") || hasPorts;
  if (settings.up && hasCarrier && (link.flags & IFF_RUNNING) === 0) {
    return "no carrier";
  }
  if (!settings.up || link.masterKind !== "bridge") return undefined;
  const level = state.portLevel(link);
  const port = level && portKind("bridge")?.table.decode(level);
  return port?.state === undefined || port.state === BR_STATE_FORWARDING
    ? undefined
    : "its bridge does not forward through it";
}

function* tentativeAddresses(
  namespace: DesiredNamespace,
  state: State,
): Generator<Unready, void, void> {
  for (const one of desiredObjects(namespace)) {
    if (one.object !== "address") continue;
    const { flags = 0 } = one.find(state) as Address | undefined ?? {};
    const isTentative = (flags & IFA_F_TENTATIVE) !== 0 &&
      (flags & IFA_F_OPTIMISTIC) === 0;
    const reason = (flags & IFA_F_DADFAILED) !== 0
      ? "another host has this address"
      : isTentative
      ? "duplicate address detection is not complete"
      : undefined;
    const { object, name } = one;
    if (reason === undefined) continue;
    yield { object, namespace: namespace.name, name, reason };
  }
}
