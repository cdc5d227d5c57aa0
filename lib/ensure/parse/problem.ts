// What is wrong with a description, and where.

/** A key or an index on the way to a value. */
export type Path = readonly (string | number)[];

/** Something in a description that cannot be right. */
export interface Problem {
  /** Where: "links", 2, "mtu". */
  readonly path: Path;
  /** What is wrong, as a sentence without a full stop. */
  readonly message: string;
  /** The word that nobody knows, if that is what is wrong. */
  readonly unknown?: string;
  /** The words that would be known in its place. */
  readonly known?: readonly string[];
}

/**
 * A path as people write it: `namespaces.blue.links[2].addresses[0]`.
 *
 * @param path Keys and indexes, from the outermost on.
 *
 * @example
 * ```ts
 * import { pathText } from "@netplumb/netplumb";
 *
 * console.log(pathText(["links", 2, "mtu"])); // links[2].mtu
 * ```
 */
export function pathText(path: Path): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else text += text === "" ? part : `.${part}`;
  }
  return text;
}

/**
 * A description of a network that cannot be right; nothing was done.
 *
 * @example
 * ```ts
 * import { DescriptionError, parseDescription, pathText } from "@netplumb/netplumb";
 *
 * try {
 *   parseDescription({ links: [{ name: "br0", kind: "bridge", mtu: -1 }] });
 * } catch (error) {
 *   if (!(error instanceof DescriptionError)) throw error;
 *   for (const { path, message } of error.problems) {
 *     console.log(pathText(path), message);
 *     // links[0].mtu -1 is not a whole number from 0 to 2147483647
 *   }
 * }
 * ```
 */
export class DescriptionError extends TypeError {
  /** Always "DescriptionError". */
  override readonly name = "DescriptionError";
  /** All that was found. */
  readonly problems: readonly Problem[];

  /** Says all of it at once. */
  constructor(problems: readonly Problem[]) {
    super(
      problems.map(({ path, message }) =>
        path.length === 0 ? message : `${pathText(path)}: ${message}`
      ).join("\n"),
    );
    this.problems = problems;
  }
}
