// Problems of a configuration, each with its path.

/** Keys and indexes of a value in the configuration. */
export type Path = readonly (string | number)[];

/** A problem of a configuration. */
export interface Problem {
  /** Its path: "links", 2, "mtu". */
  readonly path: Path;
  /** Its description, a sentence without a full stop. */
  readonly message: string;
  /** The unknown key or value, if that is the problem. */
  readonly unknown?: string;
  /** The known keys or values. */
  readonly known?: readonly string[];
  /** The path of another value that the problem is about. */
  readonly other?: Path;
}

/**
 * A path as text: `namespaces.blue.links[2].addresses[0]`.
 *
 * @param path Keys and indexes, outermost first.
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
 * A configuration has problems; no changes were made.
 *
 * @example
 * ```ts
 * import { ConfigurationError, parseConfiguration, pathText } from "@netplumb/netplumb";
 *
 * try {
 *   parseConfiguration({ links: [{ name: "br0", kind: "bridge", mtu: -1 }] });
 * } catch (error) {
 *   if (!(error instanceof ConfigurationError)) throw error;
 *   for (const { path, message } of error.problems) {
 *     console.log(pathText(path), message);
 *     // links[0].mtu -1 is not a whole number from 0 to 2147483647
 *   }
 * }
 * ```
 */
export class ConfigurationError extends TypeError {
  /** Always "ConfigurationError". */
  override readonly name = "ConfigurationError";
  /** All problems. */
  readonly problems: readonly Problem[];

  /** Joins the problems in one message. */
  constructor(problems: readonly Problem[]) {
    super(
      problems.map(({ path, message }) =>
        path.length === 0 ? message : `${pathText(path)}: ${message}`
      ).join("\n"),
    );
    this.problems = problems;
  }
}
