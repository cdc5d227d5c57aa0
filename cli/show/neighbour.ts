// netplumb show neighbour: selects neighbour entries and puts them under the keys of iproute2.

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

/** Filters of neighbour entries. */
export interface ShowNeighbourOptions extends ShowOptions {
  /** Only this NUD_* state; 0 for none. */
  readonly state?: number;
  /** All entries, also in state noarp. */
  readonly all?: boolean;
  /** Only proxy entries. */
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
