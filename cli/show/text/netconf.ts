// IP settings of links as text.

import type { Json } from "../shown.ts";
import { option, plain } from "./format.ts";

/** The line of a link. */
export function netconfText(
  { family, interface: link, ...rest }: Json,
): string {
  return [
    plain(family!),
    ...link === undefined ? [] : [plain(link)],
    ...Object.entries(rest).flatMap(([key, value]) => option(key, value)),
  ].join(" ");
}
