// The interface of a device: what `ip` would be asked to do with it.

import { parseCidr } from "../../lib/net/prefix.ts";
import { ArgumentError } from "../../lib/errors.ts";
import { addTunAddress, addTunRoute } from "../../lib/rtnetlink/tun.ts";
import type { Tun } from "../../lib/tun/device.ts";

/** What the command line says of the interface. */
export interface Configuration {
  readonly mtu?: number;
  readonly address?: readonly string[];
  readonly peer?: string;
  readonly route?: readonly string[];
}

function isSameFamily(a: string, b: string): boolean {
  return parseCidr(a).address.length === parseCidr(b).address.length;
}

/**
 * A peer belongs to one address.
 *
 * @throws {ArgumentError} if there is none of its IP version, or several.
 */
export function checkPeer({ address = [], peer }: Configuration): void {
  if (peer === undefined) return;
  const local = address.filter((each) => isSameFamily(each, peer));
  if (local.length === 1) return;
  throw new ArgumentError(
    "--peer",
    peer,
    local.length === 0
      ? "possible without an --address of the same IP version"
      : `possible with ${local.length} addresses of the same IP version`,
  );
}

/** Sets what was asked for and brings the device up. */
export async function configure(
  device: Tun,
  { mtu, address = [], peer, route = [] }: Configuration,
): Promise<void> {
  if (mtu !== undefined) device.setMtu(mtu);
  for (const local of address) {
    const isOfPeer = peer !== undefined && isSameFamily(local, peer);
    await addTunAddress(device, local, isOfPeer ? { peer } : {});
  }
  device.up();
  for (const to of route) await addTunRoute(device, to);
}
