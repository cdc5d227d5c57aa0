// Completion candidates from the system, by the type of the argument. Errors give
// no candidates.

import type { TypeHandler } from "@cliffy/command";
import {
  NEIGHBOUR_STATES,
  wordsOf,
} from "../../lib/rtnetlink/names/iproute2.ts";
import { inNamespace, NETNS_DIRECTORY } from "../../lib/netns/namespace.ts";
import {
  address,
  cidr,
  file,
  host,
  interfaceName,
  interfacePattern,
  linkName,
} from "../arguments.ts";
import { namespace, namespaceName } from "../namespace.ts";
import {
  linkGroup,
  neighbourState,
  routeProtocol,
  routeScope,
  routeTable,
  routeType,
} from "../show/arguments.ts";

/** A value and its description. */
export interface Candidate {
  readonly value: string;
  readonly description?: string;
}

/** Lets the shell complete files. */
export const FILES = "files";

/** Where interfaces and addresses are read. */
export interface Machine {
  /** The value of --netns. */
  readonly netns?: string;
}

/** The values of the options of the line, by name. */
export type Given = ReadonlyMap<string, string>;

type Found = Candidate[] | typeof FILES;
type Completer = (machine: Machine, given: Given) => Found | Promise<Found>;

/** Completers by the type of the value. */
export const VALUES: ReadonlyMap<TypeHandler, Completer> = new Map<
  TypeHandler,
  Completer
>([
  [interfaceName, interfaces],
  [interfacePattern, interfaces],
  [linkName, interfaces],
  [namespace, namespaces],
  [namespaceName, namespaces],
  [address, addresses],
  [host, addresses],
  [cidr, networks],
  [file, () => FILES],
  [routeTable, () => words(["all", ...wordsOf("table")])],
  [routeProtocol, () => words(wordsOf("protocol"))],
  [routeScope, () => words(wordsOf("scope"))],
  [routeType, () => words(wordsOf("type"))],
  [linkGroup, () => words(wordsOf("group"))],
  [neighbourState, () => words(["all", ...Object.keys(NEIGHBOUR_STATES)])],
]);

/** Completers by the name of the value in --help. */
export const NAMED_VALUES: ReadonlyMap<string, Completer> = new Map<
  string,
  Completer
>([
  ["netns", namespaces],
  ["table", () => words(wordsOf("table"))],
  ["protocol", () => words(wordsOf("protocol"))],
  ["scope", () => words(wordsOf("scope"))],
  ["kind", () => linkWords(undefined)],
  ["words", (_machine, given) => linkWords(given.get("type"))],
]);

/** The kinds of link, or the options of one. */
async function linkWords(kind: string | undefined): Promise<Candidate[]> {
  // Loads all kinds with their options: only if needed.
  const { describeKinds } = await import("../change/describe_kinds.ts");
  return attempt(() =>
    describeKinds(kind).flatMap(({ name, help, expected }) => {
      const description = help ?? (expected || undefined);
      return name.startsWith("[no]")
        ? [
          { value: name.slice(4), description },
          { value: `no${name.slice(4)}`, description },
        ]
        : [{ value: name, description }];
    })
  );
}

function words(values: readonly string[]): Candidate[] {
  return values.map((value) => ({ value }));
}

function attempt<T>(read: () => T[]): T[] {
  try {
    return read();
  } catch {
    return [];
  }
}

function interfaces({ netns }: Machine): Candidate[] {
  // Of the thread, because only the thread enters the namespace.
  const table = attempt(() => [
    inNamespace(
      netns,
      () => Deno.readTextFileSync("/proc/thread-self/net/dev"),
    ),
  ]);
  return table.flatMap((text) =>
    [...text.matchAll(/^ *([^:\s]+):/gm)].map(([, value]) => ({ value }))
  );
}

function namespaces(): Candidate[] {
  return attempt(() => [...Deno.readDirSync(NETNS_DIRECTORY)])
    .map(({ name }) => ({ value: name }));
}

function assigned({ netns }: Machine): Deno.NetworkInterfaceInfo[] {
  return attempt(() => inNamespace(netns, () => Deno.networkInterfaces()));
}

function addresses(machine: Machine): Candidate[] {
  return assigned(machine).map(({ address, name }) => ({
    value: /^fe[89ab]/i.test(address) ? `${address}%${name}` : address,
    description: name,
  }));
}

function networks(machine: Machine): Candidate[] {
  return assigned(machine).map(({ cidr, name }) => ({
    value: cidr,
    description: name,
  }));
}
