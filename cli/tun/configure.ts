// Configures the interface of a device.

import { parseCidr } from "../../lib/net/prefix.ts";
import { ArgumentError } from "../../lib/errors.ts";
import { addTunAddress, addTunRoute } from "../../lib/rtnetlink/tun.ts";
import type { Tun } from "../../lib/tun/device.ts";

/** The options of the interface. */
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
 * Checks that a peer has one address.
 *
 * @throws {ArgumentError} If there is no address of its IP version, or several.
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

/** IPV6_MIN_MTU of linux/ipv6.h; RFC 8200, section 5. */
const IPV6_MTU = 1280;

/**
 * Checks the MTU of a link with IPv6, which is at least 1280 bytes.
 *
 * @throws {ArgumentError} For an IPv6 address with a smaller MTU.
 */
export function checkMtu(
  { mtu, address = [], route = [] }: Configuration,
): void {
  if (mtu === undefined || mtu >= IPV6_MTU) return;
  const six = [...address, ...route]
    .find((text) => parseCidr(text).address.length === 16);
  if (six === undefined) return;
  throw new ArgumentError(
    "--mtu",
    mtu,
    `${IPV6_MTU} or more, which IPv6 (${six}) needs`,
  );
}

/** Applies the configuration and brings the device up. */
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
