// The addresses and routes of a device, through rtnetlink.

import { EEXIST } from "../../ffi/errno.ts";
import { RT_TABLE_MAIN } from "../../ffi/layout/linux_rtnetlink.ts";
import { formatAddress } from "../address.ts";
import { parseNetwork } from "../cidr.ts";
import { NetlinkError } from "../netlink/errors.ts";
import type { WaitOptions } from "../io/reactor.ts";
import { replaceAddress } from "../route/change/address.ts";
import { type Change, NUMBERED } from "../route/change/change.ts";
import { addRoute as routeToAdd } from "../route/change/route.ts";
import type { RouteSocket } from "../route/socket.ts";

/** An interface as rtnetlink knows it, and a socket where it is. */
export interface Interface {
  readonly name: string;
  readonly index: number;
  readonly socket: RouteSocket;
}

/** The one message of a change that speaks of its link by the index. */
function message(change: Change, tried: string) {
  const [request] = change.requests(NUMBERED);
  return { ...request, tried };
}

/** Gives the interface an address; nothing happens if it has it already. */
export async function addAddress(
  { name, index, socket }: Interface,
  address: string,
  peer: string | undefined,
  options: WaitOptions,
): Promise<void> {
  // Where there is a peer, the prefix is that of what lies behind it.
  const change = replaceAddress({ address, peer, dev: index });
  const tried = `add address ${address} to ${name}`;
  await socket.request(message(change, tried), undefined, options);
}

/** Routes a destination into the interface; it may be so already. */
export async function addRoute(
  { name, index, socket }: Interface,
  to: string,
  options: WaitOptions,
): Promise<void> {
  const { address, prefix } = parseNetwork(to, "to");
  const family = address.length === 4 ? "inet" : "inet6";
  const request = message(
    routeToAdd({ to, dev: index, family }),
    `route ${to} into ${name}`,
  );
  try {
    await socket.request(request, undefined, options);
  } catch (error) {
    if (!(error instanceof NetlinkError) || error.errno !== EEXIST) throw error;
    const mine = await socket.routes({
      ...options,
      family,
      ifindex: index,
      table: RT_TABLE_MAIN,
    });
    const text = prefix === 0 ? undefined : formatAddress(address);
    if (
      !mine.some((route) =>
        route.destination === text && route.prefixLength === prefix
      )
    ) throw error;
  }
}
