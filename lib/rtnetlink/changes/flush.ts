// All addresses of a kind, deleted.

import { EADDRNOTAVAIL } from "../../../ffi/errno.ts";
import type { WaitOptions } from "../../io/reactor.ts";
import { addressSpecOf, deleteAddress } from "../address.ts";
import type { Network } from "../network.ts";
import type { Change } from "./change.ts";
import { linkName, take } from "../spec/value.ts";
import { scope as scopeReader } from "../spec/named_number.ts";

/** Which addresses to delete. */
export interface AddressFlush extends WaitOptions {
  /** Those of this link. */
  readonly dev?: string | number | undefined;
  /** Those of this family. */
  readonly family?: "inet" | "inet6" | undefined;
  /** Those that reach so far. */
  readonly scope?: number | string | undefined;
}

/** Deleting a primary address takes its secondaries along, or raises one. */
const ROUNDS = 10;

/**
 * Deletes addresses, as `ip address flush` does.
 *
 * Source: ip-address(8).
 *
 * @param network Where.
 * @param filter Which of them; without any condition all that there are.
 * @returns How many there were.
 * @throws {NetlinkError} If the kernel refuses one, or there is no such link.
 *
 * @example
 * ```ts
 * import {
 *   addAddress,
 *   flushAddresses,
 *   Network,
 *   TemporaryNamespace,
 * } from "@netplumb/netplumb";
 *
 * await using namespace = TemporaryNamespace.create();
 * await using network = Network.open({ namespace: namespace.path });
 * await network.apply(addAddress({ address: "192.0.2.1/24", dev: "lo" }));
 * console.log(await flushAddresses(network, { dev: "lo" })); // 1
 * ```
 */
export async function flushAddresses(
  network: Network,
  filter: AddressFlush = {},
): Promise<number> {
  const { signal, timeout } = filter;
  let count = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const deletions = await addressDeletions(network, filter);
    if (deletions.length === 0) break;
    const results = await network.applyEach(deletions, { signal, timeout });
    for (const result of results) {
      if (!("error" in result)) count++;
      else if (result.error.errno !== EADDRNOTAVAIL) throw result.error;
      else if (round === 0) count++;
    }
  }
  return count;
}

/** What deletes the addresses that a flush is for, as they are now. */
export async function addressDeletions(
  { socket }: Network,
  filter: AddressFlush,
): Promise<Change[]> {
  const { dev, family, signal, timeout } = filter;
  const waits = { signal, timeout };
  const scope = filter.scope === undefined
    ? undefined
    : take("scope", filter.scope, scopeReader);
  const ifindex = dev === undefined
    ? undefined
    : (await socket.link(take("dev", dev, linkName), waits)).ifindex;
  const addresses = await socket.addresses({ ...waits, family, ifindex });
  return addresses.filter((one) => scope === undefined || one.scope === scope)
    .map((one) => deleteAddress(addressSpecOf(one)));
}
