// Bands of strict priority. Source: tc-prio(8).

import {
  TC_PRIO_MAX,
  tc_prio_qopt,
  TCA_OPTIONS,
} from "../../../ffi/uapi/linux_pkt_sched.ts";
import { ArgumentError } from "../../errors.ts";
import type { AttributeReader } from "../../netlink/attribute.ts";
import { list, wholeNumber } from "../spec/value.ts";
import { holds, type QdiscKind, qdiscKind, type TrafficJson } from "./kind.ts";

/** Options of prio. */
export interface PrioOptions {
  /** Number of bands, 2 to 16. */
  readonly bands?: number;
  /** The band of each of the 16 priorities of packets. */
  readonly priomap?: readonly number[];
}

const PRIORITIES = TC_PRIO_MAX + 1;
const PRIOMAP = [1, 2, 2, 2, 1, 2, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1];

/** The options of prio and pfifo_fast. */
export function prioJson(options: AttributeReader): TrafficJson {
  if (!holds(options, tc_prio_qopt)) return {};
  const { bands, priomap } = tc_prio_qopt.get(options.view, options.at);
  return { bands, priomap: [...priomap], multiqueue: false };
}

export const prio: QdiscKind<PrioOptions> = qdiscKind<PrioOptions>({
  name: "prio",
  options: {
    bands: wholeNumber(2, 16),
    priomap: list(wholeNumber(0, 15), PRIORITIES),
  },
  write(body, { bands = 3, priomap = PRIOMAP }) {
    if (priomap.length !== PRIORITIES) {
      throw new ArgumentError("prio priomap", priomap, "a list of 16 bands");
    }
    body.bytes(
      TCA_OPTIONS,
      tc_prio_qopt.build({ bands, priomap: Uint8Array.from(priomap) }),
    );
  },
  json: prioJson,
});
