// All kinds of queueing disciplines.

import { bfifo, pfifo, pfifoFast } from "./fifo.ts";
import { fq } from "./fq.ts";
import { fqCodel } from "./fq_codel.ts";
import { htb } from "./htb.ts";
import { clsact, ingress } from "./ingress.ts";
import type { QdiscKind } from "./kind.ts";
import { netem } from "./netem.ts";
import { prio } from "./prio.ts";
import { tbf } from "./tbf.ts";

export const QDISC_KINDS: readonly QdiscKind[] = [
  netem,
  tbf,
  htb,
  fqCodel,
  fq,
  pfifo,
  bfifo,
  prio,
  ingress,
  clsact,
  pfifoFast,
];

const BY_NAME = new Map(QDISC_KINDS.map((kind) => [kind.name, kind]));

/** The kind of this name. */
export function qdiscKindNamed(name: string): QdiscKind | undefined {
  return BY_NAME.get(name);
}
