// The kinds of link by their names.

import type { BondPortOptions } from "./bond.ts";
import type { BridgePortOptions } from "./bridge.ts";
import { kernelName, type LinkKind } from "./kind.ts";
import * as list from "./list.ts";
import { plainKind } from "./plain.ts";

/** The options of each kind of link, by iproute2's words. */
export type LinkOptions = {
  readonly [Kind in keyof typeof list]: NonNullable<
    (typeof list)[Kind]["optionsType"]
  >;
};

/** The settings of a link as the port of a master, by the master's kind. */
export interface LinkPortOptions {
  /** Of a bridge port. */
  readonly bridge: BridgePortOptions;
  /** Of a bond port. */
  readonly bond: BondPortOptions;
}

const KINDS: { readonly [Kind in keyof LinkOptions]: LinkKind } = list;

/** The names of the kinds whose options are known. */
export const KIND_NAMES = Object.keys(KINDS) as (keyof LinkOptions)[];

/** The kinds of master whose ports have settings. */
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

/** A kind by its name; one that is not known has no options. */
export function kindNamed(name: string): LinkKind {
  return byName.get(name) ?? plainKind(name);
}

/** What is known of a kind that the kernel reports. */
export function reportedKind(kernelName: string): LinkKind | undefined {
  return byKernelName.get(kernelName);
}

/** The settings of the ports of a kind of master, if there are any. */
export function portKind(master: string): LinkKind | undefined {
  return PORT_KIND_NAMES.some((name) => name === master)
    ? byName.get(master)?.port
    : undefined;
}
