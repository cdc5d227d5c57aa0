// Deletes all matching addresses.

import { EADDRNOTAVAIL } from "../../../ffi/errno.ts";
import type { WaitOptions } from "../../io/reactor.ts";
import { addressSpecOf, deleteAddress } from "../address.ts";
import type { Network } from "../network.ts";
import type { Change } from "./change.ts";
import { linkName, take } from "../spec/value.ts";
import { scope as scopeReader } from "../spec/named_number.ts";

/** Which addresses to delete. */
export interface AddressFlush extends WaitOptions {
  /** Addresses of this link. */
  readonly dev?: string | number | undefined;
  /** Addresses of this family. */
  readonly family?: "inet" | "inet6" | undefined;
  /** Addresses of this scope. */
  readonly scope?: number | string | undefined;
}

/**
 * Deleting a primary address deletes or promotes its secondary addresses, so
 * that another dump is needed.
 */
const ROUNDS = 10;

/**
 * Deletes matching addresses, as `ip address flush` does.
 *
 * Source: ip-address(8).
 *
 * @param network The network to change.
 * @param filter Which addresses to delete; default: all.
 * @returns The number of deleted addresses.
 * @throws {NetlinkError} If the kernel rejects a deletion, or the link does not
 *   exist.
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

/** The changes that delete the currently matching addresses. */
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
