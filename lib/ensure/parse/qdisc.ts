// Parses the queueing disciplines and classes of a link.

import {
  addClass,
  addQdisc,
  type ClassSpec,
  type QdiscSpec,
} from "../../rtnetlink/changes/qdisc.ts";
import { QDISC_KINDS, qdiscKindNamed } from "../../rtnetlink/qdiscs/list.ts";
import { oneOf, type Reader, text } from "../../rtnetlink/spec/value.ts";
import type {
  ClassConfiguration,
  QdiscConfiguration,
} from "./configuration.ts";
import { setPath } from "./desired.ts";
import type { Path } from "./error.ts";
import type { Input } from "./input.ts";
import type { Keys } from "./keys.ts";

/** The kinds that can be added. */
export const QDISC_NAMES: readonly string[] = QDISC_KINDS
  .filter(({ options }) => options !== undefined).map(({ name }) => name);

const ID: Reader<string> = {
  ...text(9),
  expected: "an id such as 1: or 1:10, in quotes",
};

const PARENT: Reader<string> = {
  ...text(9),
  expected: "root, or the id of a class such as 1:10, in quotes",
};

/** Keys of a queueing discipline, without its options. */
export const QDISC: Keys = {
  kind: oneOf(QDISC_NAMES),
  handle: ID,
  parent: PARENT,
};

/** Keys of a class, without its options. */
export const CLASS: Keys = { classid: ID, parent: PARENT };

/** Options of a class. */
export const CLASS_OPTIONS: Keys = qdiscKindNamed("htb")!.classOptions!;

/** Options of a kind of queueing discipline. */
export function qdiscOptions(kind: string): Keys {
  return (qdiscKindNamed(kind)?.options ?? {}) as Keys;
}

/** Parses a queueing discipline. */
export function parseQdisc(
  input: Input,
  path: Path,
  given: unknown,
): QdiscConfiguration | undefined {
  return parse(
    input,
    path,
    given,
    QDISC,
    "kind",
    ({ kind }) => qdiscOptions(String(kind)),
    (spec) => addQdisc({ ...spec as QdiscSpec, dev: 1 }),
  );
}

/** Parses a class. */
export function parseClass(
  input: Input,
  path: Path,
  given: unknown,
): ClassConfiguration | undefined {
  return parse(
    input,
    path,
    given,
    CLASS,
    "classid",
    () => CLASS_OPTIONS,
    (spec) => addClass({ ...spec as ClassSpec, dev: 1 }),
  );
}

function parse<T>(
  input: Input,
  path: Path,
  given: unknown,
  keys: Keys,
  required: string,
  optionsOf: (spec: Record<string, unknown>) => Keys,
  check: (spec: unknown) => unknown,
): T | undefined {
  const mapping = input.mapping(path, given);
  if (mapping === undefined) return undefined;
  return input.ifRight(() => {
    const before = input.problems.length;
    const spec = input.values(path, mapping, keys, [required], ["options"]);
    if (input.problems.length > before) return undefined;
    if (mapping.options !== undefined && mapping.options !== null) {
      const at = [...path, "options"];
      const options = input.mapping(at, mapping.options) ?? {};
      spec.options = input.values(at, options, optionsOf(spec));
    }
    if (input.problems.length > before) return undefined;
    // Options that exclude or require each other.
    input.attempt(path, () => check(spec));
    setPath(spec, path);
    return spec as T;
  });
}
