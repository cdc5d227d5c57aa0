// Addresses and routes of TUN and TAP devices; lib/tun does not import
// rtnetlink.

import { EEXIST } from "../../ffi/errno.ts";
import { RT_TABLE_MAIN } from "../../ffi/uapi/linux_rtnetlink.ts";
import { formatAddress } from "../net/ip_address.ts";
import { parseNetwork } from "../net/prefix.ts";
import { advised, NetlinkError } from "../netlink/errors.ts";
import type { WaitOptions } from "../io/reactor.ts";
import { replaceAddress } from "./address.ts";
import { type Change, NUMBERED } from "./changes/change.ts";
import { addRoute } from "./route.ts";
import { RouteSocket } from "./socket.ts";

/** A device that remains the same link when it is renamed or moved: a `Tun`. */
export interface TunDevice {
  /** Its current name and ifindex, in its namespace. */
  state(): { readonly name: string; readonly index: number };
  /**
   * Runs `body` with the calling thread in the device's network namespace.
   *
   * @param body Synchronous; usually opens a socket.
   */
  inNamespace<T>(body: () => T): T;
}

/** Options of addTunAddress(). */
export interface TunAddressOptions extends WaitOptions {
  /**
   * The peer's address on a point-to-point link, with the prefix length of its
   * network unless that is a single address.
   */
  readonly peer?: string;
}

/** The only message of a change that names its link by ifindex. */
function message(change: Change, tried: string) {
  const request = change.requests(NUMBERED)[0]!;
  return { ...request, tried };
}

/**
 * Adds an address to a TUN or TAP device, also after it was moved. Does nothing
 * if the device has the address.
 *
 * Source: ip-address(8), rtnetlink(7).
 *
 * @param tun The device.
 * @param address The address with its prefix length, for example `10.9.0.1/24`.
 * @param options The peer, a signal and a timeout in milliseconds.
 * @throws {ArgumentError} For an invalid address.
 * @throws {NetlinkError} EPERM without CAP_NET_ADMIN.
 * @throws {DeviceGoneError} If the device was deleted.
 *
 * @example
 * ```ts
 * import { addTunAddress, TemporaryNamespace, Tun } from "@netplumb/netplumb";
 *
 * await using namespace = TemporaryNamespace.create();
 * await using tun = Tun.open({ namespace: namespace.path });
 * await addTunAddress(tun, "10.9.0.1/24");
 * tun.up();
 * ```
 */
export async function addTunAddress(
  tun: TunDevice,
  address: string,
  { peer, ...options }: WaitOptions & { readonly peer?: string } = {},
): Promise<void> {
  await using socket = tun.inNamespace(() => RouteSocket.open());
  const { name, index } = tun.state();
  // With a peer, the prefix is that of the peer's network.
  const change = replaceAddress({ address, peer, dev: index });
  const tried = `add address ${address} to ${name}`;
  try {
    await socket.request(message(change, tried), undefined, options);
  } catch (error) {
    if (!(error instanceof NetlinkError)) throw error;
    throw advised(error, change.advice?.(error));
  }
}

/**
 * Adds a route through a TUN or TAP device, which has to be up. Does nothing if
 * that route exists.
 *
 * Source: ip-route(8), rtnetlink(7).
 *
 * @param tun The device.
 * @param to The destination network, for example `192.0.2.0/24`.
 * @param options A signal and a timeout in milliseconds.
 * @throws {ArgumentError} For an invalid network.
 * @throws {NetlinkError} EPERM without CAP_NET_ADMIN; EEXIST if another route
 *   has the same destination.
 * @throws {DeviceGoneError} If the device was deleted.
 *
 * @example
 * ```ts
 * import { addTunRoute, TemporaryNamespace, Tun } from "@netplumb/netplumb";
 *
 * await using namespace = TemporaryNamespace.create();
 * await using tun = Tun.open({ namespace: namespace.path });
 * tun.up();
 * await addTunRoute(tun, "192.0.2.0/24");
 * ```
 */
export async function addTunRoute(
  tun: TunDevice,
  to: string,
  options: WaitOptions = {},
): Promise<void> {
  await using socket = tun.inNamespace(() => RouteSocket.open());
  const { name, index } = tun.state();
  const { address, prefix } = parseNetwork(to, "to");
  const family = address.length === 4 ? "inet" : "inet6";
  const request = message(
    addRoute({ to, dev: index, family }),
    `route ${to} into ${name}`,
  );
  try {
    await socket.request(request, undefined, options);
  } catch (error) {
    if (!(error instanceof NetlinkError) || error.errno !== EEXIST) throw error;
    const existing = await socket.routes({
      ...options,
      family,
      ifindex: index,
      table: RT_TABLE_MAIN,
    });
    const text = prefix === 0 ? undefined : formatAddress(address);
    if (
      !existing.some((route) =>
        route.destination === text && route.prefixLength === prefix
      )
    ) throw error;
  }
}
