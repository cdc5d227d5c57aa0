// FIFO queues limited in packets or bytes, and pfifo_fast, the kernel's default.
// Source: tc-bfifo(8), tc-pfifo_fast(8).

import {
  tc_fifo_qopt,
  TCA_OPTIONS,
} from "../../../ffi/uapi/linux_pkt_sched.ts";
import { wholeNumber } from "../spec/value.ts";
import { holds, type QdiscKind, qdiscKind, type TrafficJson } from "./kind.ts";
import { prioJson } from "./prio.ts";
import { size } from "./units.ts";

/** Options of pfifo. */
export interface PfifoOptions {
  /** Length of the queue in packets; default: that of the link. */
  readonly limit?: number;
}

/** Options of bfifo. */
export interface BfifoOptions {
  /** Length of the queue in bytes: "10kb"; default: by the link. */
  readonly limit?: number | string;
}

function fifo<Options extends PfifoOptions | BfifoOptions>(
  name: string,
  limit: NonNullable<QdiscKind<Options>["options"]>,
): QdiscKind<Options> {
  return qdiscKind<Options>({
    name,
    options: limit,
    write(body, { limit }) {
      if (limit === undefined) return;
      body.bytes(TCA_OPTIONS, tc_fifo_qopt.build({ limit: size.in(limit) }));
    },
    json: (options): TrafficJson =>
      holds(options, tc_fifo_qopt) ? { limit: options.u32() } : {},
  });
}

export const pfifo: QdiscKind<PfifoOptions> = fifo<PfifoOptions>("pfifo", {
  limit: wholeNumber(0, 0xffff_ffff),
});

export const bfifo: QdiscKind<BfifoOptions> = fifo<BfifoOptions>("bfifo", {
  limit: size,
});

export const pfifoFast: QdiscKind = qdiscKind({
  name: "pfifo_fast",
  json: prioJson,
});
