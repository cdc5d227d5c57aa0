// Link kinds by name.

import type { BondPortOptions } from "./bond.ts";
import type { BridgePortOptions } from "./bridge.ts";
import { kernelName, type LinkKind } from "./kind.ts";
import * as list from "./list.ts";
import { plainKind } from "./plain.ts";

/** The options of each kind of link, with iproute2's keys. */
export type LinkOptions = {
  readonly [Kind in keyof typeof list]: NonNullable<
    (typeof list)[Kind]["optionsType"]
  >;
};

/**
 * The settings of a link as a port of its master, by the kind of the master.
 */
export interface LinkPortOptions {
  /** Settings of a bridge port. */
  readonly bridge: BridgePortOptions;
  /** Settings of a bond port. */
  readonly bond: BondPortOptions;
}

const KINDS: { readonly [Kind in keyof LinkOptions]: LinkKind } = list;

/** The names of the kinds with known options. */
export const KIND_NAMES = Object.keys(KINDS) as (keyof LinkOptions)[];

/** The kinds of masters whose ports have settings. */
export const PORT_KIND_NAMES: readonly (keyof LinkPortOptions)[] = [
  "bridge",
  "bond",
];

const byName: ReadonlyMap<string, LinkKind> = new Map(Object.entries(KINDS));
const byKernelName: ReadonlyMap<string, LinkKind> = new Map(
  Object.values(KINDS).map((kind) => [kernelName(kind), kind]),
);

/** Every kind that the kernel reports. */
export const KERNEL_KINDS: readonly LinkKind[] = [...byKernelName.values()];

/** A kind by name; an unknown one does not have options. */
export function kindNamed(name: string): LinkKind {
  return byName.get(name) ?? plainKind(name);
}

/** The kind with this kernel name, if its options are known. */
export function reportedKind(kernelName: string): LinkKind | undefined {
  return byKernelName.get(kernelName);
}

/** The port settings of a kind of master, if it has any. */
export function portKind(master: string): LinkKind | undefined {
  return PORT_KIND_NAMES.some((name) => name === master)
    ? byName.get(master)?.port
    : undefined;
}
