// How much of an object to tell, and what links are called.

import { LinkNames } from "../link/names.ts";

/** How to present an object as `ip -j` does: the same for every object. */
export interface IpJsonOptions {
  /** The links of the namespace, for their names; default: "if7" and the like. */
  readonly names?: LinkNames;
  /** As with `ip -d`. */
  readonly details?: boolean;
  /** As with `ip -s`; 2 as with `ip -s -s`. */
  readonly statistics?: boolean | 2;
}

/** No link is known by name. */
export const NO_NAMES: LinkNames = new LinkNames();

export type { JsonValue } from "../../rtnetlink/spec/json.ts";
