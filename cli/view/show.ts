// The arrays of `netplumb show --json`, by namespace.

import { RT_TABLE_MAIN } from "../../ffi/uapi/linux_rtnetlink.ts";
import { isGone } from "../../lib/netns/namespace.ts";
import { RouteSocket } from "../../lib/rtnetlink/socket.ts";
import { showAddresses } from "../show/address.ts";
import { showLinks } from "../show/link.ts";
import { showNeighbours } from "../show/neighbour.ts";
import { showNexthops } from "../show/nexthop.ts";
import { showRoutes } from "../show/route.ts";
import { showRules } from "../show/rule.ts";
import type { Json, Shown, ShowOptions } from "../show/shown.ts";

type Show = (route: RouteSocket, options: ShowOptions) => Promise<Shown>;

/** Objects that `show` prints for one IP version at a time. */
const BOTH = ["inet", "inet6"] as const;

const SHOWS: Readonly<Record<string, readonly Show[]>> = {
  link: [showLinks],
  address: [showAddresses],
  route: BOTH.map((family): Show => (route, options) =>
    showRoutes(route, { ...options, family, table: RT_TABLE_MAIN })
  ),
  neighbour: [showNeighbours],
  rule: BOTH.map((family): Show => (route, options) =>
    showRules(route, { ...options, family })
  ),
  nexthop: [showNexthops],
};

/** The objects, in the order of the output. */
export const OBJECTS: readonly string[] = Object.keys(SHOWS);

/** Which objects to show. */
export interface StateOptions extends ShowOptions {
  readonly namespaces: readonly (string | undefined)[];
  readonly objects: readonly string[];
}

/** The objects of one namespace. */
export interface NamespaceState {
  readonly namespace: string | null;
  readonly [object: string]: string | null | readonly Json[];
}

/** Reads the objects of namespaces; without one that is gone. */
export async function showState(
  { namespaces, objects, ...options }: StateOptions,
): Promise<NamespaceState[]> {
  const states: NamespaceState[] = [];
  for (const namespace of namespaces) {
    try {
      await using route = RouteSocket.open({ namespace });
      const state: Record<string, Json[]> = {};
      for (const object of objects) {
        const found: Json[] = [];
        for (const show of SHOWS[object]!) {
          for (const one of (await show(route, options)).objects) {
            found.push(one);
          }
        }
        state[object] = found;
      }
      states.push({ namespace: namespace ?? null, ...state });
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }
  return states;
}
