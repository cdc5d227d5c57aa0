// A kind of queueing discipline.

import type { AttributeReader } from "../../netlink/attribute.ts";
import type { AttributeWriter } from "../../netlink/attribute_writer.ts";
import type { OptionValues } from "../spec/attribute.ts";
import type { AttributeLevel } from "../spec/level.ts";
import type { JsonValue } from "../spec/json.ts";
import type {
  OptionDifference,
  OptionsOf,
  OptionTable,
} from "../spec/table.ts";

/** Options or statistics with the keys of `tc -j`. */
export type TrafficJson = Record<string, JsonValue>;

/** A kind of queueing discipline: its options in both directions. */
// deno-lint-ignore no-explicit-any -- kinds of all options are in one list
export interface QdiscKind<Options extends object = any> {
  readonly name: string;
  /** How its options are parsed; absent for a kind that only the kernel makes. */
  readonly options?: OptionsOf<Options>;
  /** Whether it is at ingress, with a fixed handle. */
  readonly isIngress?: true;
  /**
   * Writes TCA_OPTIONS.
   *
   * @param isChange Whether the qdisc exists, and options that are not given get
   *   their defaults.
   */
  write?(body: AttributeWriter, options: Options, isChange: boolean): void;
  /** How the options of its classes are parsed. */
  readonly classOptions?: OptionTable;
  /** Writes TCA_OPTIONS of a class. */
  writeClass?(body: AttributeWriter, options: object): void;
  /**
   * TCA_OPTIONS of the qdisc or one of its classes as `tc -j` prints it.
   *
   * @param details As with `tc -d`.
   */
  json?(options: AttributeReader, details: boolean): TrafficJson;
  /** The options that differ from the given ones; default: those of `json`. */
  differences?(
    found: AttributeLevel | undefined,
    given: OptionValues,
  ): OptionDifference[];
  /** Whether the kernel cannot change it, only make it again. */
  readonly isFixed?: true;
  /** Statistics of its own, as `tc -j -s` prints them. */
  statistics?(value: AttributeReader): TrafficJson;
}

/** Type-checks the options of a kind. */
export function qdiscKind<Options extends object>(
  kind: QdiscKind<Options>,
): QdiscKind<Options> {
  return kind;
}

/** Whether a value is long enough for a struct. */
export function holds(
  { length }: AttributeReader,
  struct: { readonly size: number },
): boolean {
  return length >= struct.size;
}
