// Whether the soak went well, and what did not.

import { growth, type Point } from "./flat.ts";
import { WINDOW } from "./lab.ts";
import type { Sample } from "./sample.ts";

/** Bytes an hour that lows may rise. */
export const MEMORY = 16 << 20;
/**
 * Bytes that resident memory may be higher in the last third than in the one
 * before: V8 doubles the space for young objects when as much has survived in
 * all, from 32 to 64 MiB at last, which may be at any time. It grows no further.
 */
export const STEP = 32 << 20;

const KINDS = ["heap", "external", "rest"] as const;

/** What became of one subject. */
export interface Verdict {
  readonly subject: string;
  /** Bytes an hour: used of V8's heap, outside of it, and not V8's at all. */
  readonly heap: number;
  readonly external: number;
  readonly rest: number;
  /** Resident bytes, the median of each third. */
  readonly rss: readonly [number, number, number];
  /** Descriptors after the warm-up and at the end. */
  readonly descriptors: readonly [number, number];
}

/** The results of the clients. */
export interface Loss {
  readonly client: string;
  readonly answered: number;
  readonly lost: number;
  readonly late: number;
  readonly wrong: number;
  readonly probes: number;
  /** How many may be lost: a window each time its link was down. */
  readonly allowed: number;
}

/** Links and routes that the kernel has in the end, and that the monitor knows. */
export interface Objects {
  readonly there: number;
  readonly known: number;
}

/** One for every subject, by the samples after the warm-up. */
export function verdicts(
  samples: readonly Sample[],
  warmUp: number,
): Verdict[] {
  const settled = samples.filter(({ seconds }) => seconds >= warmUp);
  return Object.keys(samples[0].subjects).map((subject) => {
    const grown = (kind: typeof KINDS[number]) =>
      Math.round(growth(
        samples.map(({ seconds, subjects }): Point => [
          seconds,
          subjects[subject][kind],
        ]),
        warmUp,
      ));
    const lowest = (part: readonly Sample[]) =>
      Math.min(...part.map(({ subjects }) => subjects[subject].descriptors));
    const resident = (part: readonly Sample[]) =>
      part.map(({ subjects }) => subjects[subject].rss)
        .toSorted((one, other) => one - other)[part.length >> 1];
    const third = Math.floor(settled.length / 3);
    return {
      subject,
      heap: grown("heap"),
      external: grown("external"),
      rest: grown("rest"),
      rss: [
        resident(settled.slice(0, third)),
        resident(settled.slice(third, -third)),
        resident(settled.slice(-third)),
      ],
      descriptors: [
        lowest(settled.slice(0, third)),
        lowest(settled.slice(-third)),
      ],
    };
  });
}

/** One for every client. */
export function losses(
  last: Sample,
  flaps: Readonly<Record<string, number>>,
): Loss[] {
  return Object.entries(last.clients).map(([client, queried]) => ({
    client,
    ...queried,
    allowed: WINDOW * (flaps[client] ?? 0),
  }));
}

/** What is wrong, a line each. */
export function faults(
  verdicts: readonly Verdict[],
  losses: readonly Loss[],
  objects: Objects,
): string[] {
  const MiB = (bytes: number) => `${(bytes / (1 << 20)).toFixed(1)} MiB`;
  return [
    ...verdicts.flatMap((verdict) =>
      KINDS.filter((kind) => verdict[kind] > MEMORY).map((kind) =>
        `${verdict.subject}: ${kind} grows by ${MiB(verdict[kind])} an hour`
      )
    ),
    ...verdicts.filter(({ rss: [, before, after] }) => after - before > STEP)
      .map(({ subject, rss: [, before, after] }) =>
        `${subject}: ${MiB(after)} resident, before ${MiB(before)}`
      ),
    ...verdicts.filter(({ descriptors: [before, after] }) => after > before)
      .map(({ subject, descriptors: [before, after] }) =>
        `${subject}: ${after} descriptors, before ${before}`
      ),
    ...losses.filter(({ lost, allowed }) => lost > allowed)
      .map(({ client, lost, allowed }) =>
        `${client}: ${lost} lost, ${allowed} when links were down`
      ),
    ...losses.filter(({ wrong }) => wrong > 0).map(({ client, wrong }) =>
      `${client}: ${wrong} answers twice or of other bytes`
    ),
    ...losses.filter(({ answered }) => answered === 0).map(({ client }) =>
      `${client}: nothing answered`
    ),
    ...objects.known === objects.there
      ? []
      : [`monitor: knows ${objects.known} objects of ${objects.there}`],
  ];
}
