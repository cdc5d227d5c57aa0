// What the soak looks like at one moment.

import type { Scene } from "./lab.ts";
import type { Asked } from "./process.ts";

/** Of one subject, in bytes. */
export interface Memory {
  readonly rss: number;
  readonly heap: number;
  readonly external: number;
  /** What is resident and not V8's heap. */
  readonly rest: number;
  readonly descriptors: number;
  readonly counts: Readonly<Record<string, number>>;
}

/** All of it. */
export interface Sample {
  /** Since the start. */
  readonly seconds: number;
  readonly subjects: Readonly<Record<string, Memory>>;
  readonly clients: Readonly<Record<string, Asked>>;
}

/** Looks at everything. */
export function sample(scene: Scene, seconds: number): Sample {
  return {
    seconds: Math.round(seconds),
    subjects: Object.fromEntries(scene.subjects.map((subject) => {
      const { rss } = subject;
      const { heap, external, committed, counts } = subject.last!;
      return [subject.name, {
        rss,
        heap,
        external,
        rest: rss - committed,
        descriptors: subject.descriptors,
        counts,
      }];
    })),
    clients: Object.fromEntries(scene.clients.map(({ name, last }) => [
      name,
      last ?? { answered: 0, lost: 0, late: 0, wrong: 0, probes: 0 },
    ])),
  };
}
