// netplumb show neighbour: selects neighbours and prints them with iproute2's
// keys.

import { ipNeighbour } from "../../lib/iproute2/neighbour.ts";
import { isShownNeighbour } from "../../lib/rtnetlink/neighbour.ts";
import type { RouteSocket } from "../../lib/rtnetlink/socket.ts";
import {
  bounds,
  interrupted,
  linkNames,
  type Shown,
  type ShowOptions,
} from "./shown.ts";

/** Filters of neighbours. */
export interface ShowNeighbourOptions extends ShowOptions {
  /** Neighbours in this NUD_* state; 0 for none. */
  readonly state?: number;
  /** All neighbours, also in state noarp. */
  readonly all?: boolean;
  /** Proxy entries. */
  readonly proxy?: boolean;
}

export async function showNeighbours(
  route: RouteSocket,
  options: ShowNeighbourOptions,
): Promise<Shown> {
  const { statistics, details, family, state, all, proxy } = options;
  const { names, ifindex } = await linkNames(route, options);
  const neighbours = await route.neighbours({
    ...bounds(options),
    family,
    ifindex,
    proxy,
  });
  return {
    objects: neighbours
      .filter((one) => all || isShownNeighbour(one, state))
      .map((one) =>
        ipNeighbour(one, {
          names,
          statistics,
          details,
          oneDevice: ifindex !== undefined,
        })
      ),
    interrupted: interrupted(neighbours),
  };
}
