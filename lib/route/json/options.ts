// How much of an object to tell, and what links are called.

import type { LinkNames } from "../link/names.ts";

/** How to tell of an object as `ip -j` does. */
export interface IpJsonOptions {
  /** The links of the namespace, for their names. */
  readonly names: LinkNames;
  /** As with `ip -d`. */
  readonly details?: boolean;
  /** As with `ip -s`; 2 as with `ip -s -s`. */
  readonly statistics?: boolean | 2;
}

export type { JsonValue } from "../../rtnetlink/spec/json.ts";
