// Totals of a command: JSON on stdout, text on stderr.

import { log } from "../log.ts";
import type { Output } from "./output.ts";

/**
 * Reports totals with the time since the start.
 *
 * @param output Undefined where stdout has other data: the totals are text.
 * @param event The JSON event.
 * @param started performance.now() at the start.
 * @param totals The keys of the JSON object.
 * @param parts The totals as text.
 */
export function reportTotals(
  output: Output | undefined,
  event: "stats" | "summary",
  started: number,
  totals: object,
  parts: readonly string[],
): void {
  const seconds = (performance.now() - started) / 1000;
  if (output?.json) {
    output.object({ event, seconds: Number(seconds.toFixed(3)), ...totals });
  } else log.info(`${parts.join(", ")} in ${seconds.toFixed(1)} s`);
}
