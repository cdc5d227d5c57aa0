// A YAML or JSON file with the position of each value.

import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseAllDocuments,
  visit,
} from "yaml";
import type { Path } from "../../lib/ensure/parse/error.ts";

/** A position in a text; line and column start at 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A syntax error. */
export interface SyntaxProblem {
  readonly message: string;
  readonly position: Position;
}

/** Explanations of errors of the YAML library. */
const SENTENCES: Readonly<Record<string, string>> = {
  TAB_AS_INDENT:
    "lines are indented by a tab here, where YAML takes only spaces",
  DUPLICATE_KEY: "this word is there a second time in the same mapping",
  MULTIPLE_DOCS: "a second document begins here, and one is all there may be",
  MULTIPLE_ANCHORS: "there are two anchors on one value",
  BAD_INDENT: "the indentation does not fit the lines before",
  MISSING_CHAR: "something is missing here: a colon, a bracket or a quote",
  UNEXPECTED_TOKEN: "this does not belong here",
  IMPOSSIBLE: "this does not belong here",
};

/** A parsed text. */
export class YamlDocument {
  /** The syntax errors. */
  readonly problems: readonly SyntaxProblem[];
  /** The value; undefined with syntax errors. */
  readonly value: unknown;
  readonly #document: Document.Parsed | undefined;
  readonly #lines = new LineCounter();
  readonly #pairs = new WeakMap<object, Map<string, Pair<Node, Node>>>();

  /** Parses a text in YAML 1.2, which includes JSON. */
  constructor(text: string) {
    // A byte order mark is not part of the text.
    const documents = parseAllDocuments(text.replace(/^\ufeff/, ""), {
      lineCounter: this.#lines,
      prettyErrors: false,
      merge: true,
    });
    const [document, second] = Array.isArray(documents) ? documents : [];
    this.#document = document;
    const problems: SyntaxProblem[] = (document?.errors ?? []).map((
      { code, message, pos: [at] },
    ) => ({
      message: `${SENTENCES[code] ?? "this is not YAML"} (${message})`,
      position: this.#positionOf(at),
    }));
    if (second !== undefined) {
      problems.push({
        message: SENTENCES.MULTIPLE_DOCS,
        position: this.#positionOf(second.range[0]),
      });
    }
    if (document && text.includes("*")) {
      this.#findUnknownAliases(document, problems);
    }
    this.problems = problems;
    if (problems.length > 0) return;
    try {
      this.value = document?.toJS();
    } catch (error) {
      // Aliases of aliases that would fill the memory or have no end.
      if (!(error instanceof Error)) throw error;
      this.problems = [{
        message: `its aliases cannot be followed (${error.message})`,
        position: { line: 1, column: 1 },
      }];
    }
  }

  /**
   * The position of the value of a path, or of its nearest parent.
   *
   * @param word Whether to return the position of the last key, not of its
   *   value.
   */
  position(path: Path, word: boolean): Position {
    let node: Node | null | undefined = this.#document?.contents;
    let at = 0;
    path.forEach((part, index) => {
      const inside = isAlias(node) ? this.#resolve(node) : node;
      const isLast = index === path.length - 1;
      if (isMap(inside)) {
        const pair = this.#pairOf(inside.items as Pair<Node, Node>[], part);
        node = pair?.value;
        const shown = isLast && word || !node?.range ? pair?.key : node;
        at = shown?.range?.[0] ?? at;
      } else if (isSeq(inside)) {
        node = inside.items[Number(part)] as Node | undefined;
        at = node?.range?.[0] ?? at;
      } else node = undefined;
    });
    return this.#positionOf(at);
  }

  /** An alias refers to the last anchor of its name before it. */
  #findUnknownAliases(
    document: Document.Parsed,
    problems: SyntaxProblem[],
  ): void {
    const anchors = new Set<string>();
    visit(document, {
      Value: (_, { anchor }) => {
        if (anchor !== undefined) anchors.add(anchor);
      },
      Alias: (_, { source, range }) => {
        if (anchors.has(source)) return;
        problems.push({
          message: `no anchor &${source} stands before this alias`,
          position: this.#positionOf(range?.[0] ?? 0),
        });
      },
    });
  }

  #pairOf(
    items: readonly Pair<Node, Node>[],
    part: string | number,
  ): Pair<Node, Node> | undefined {
    const own = this.#pairsOf(items).get(String(part));
    if (own !== undefined) return own;
    // A merged key has the position of its anchor.
    for (const { key, value } of items) {
      if (!isScalar(key) || key.source !== "<<") continue;
      const merged = isAlias(value) ? this.#resolve(value) : value;
      for (const one of isSeq(merged) ? merged.items : [merged]) {
        const map = isAlias(one) ? this.#resolve(one) : one;
        const found = isMap(map) &&
          this.#pairOf(map.items as Pair<Node, Node>[], part);
        if (found) return found;
      }
    }
    return undefined;
  }

  /** The pairs of a mapping, cached because it may have many problems. */
  #pairsOf(
    items: readonly Pair<Node, Node>[],
  ): ReadonlyMap<string, Pair<Node, Node>> {
    let pairs = this.#pairs.get(items);
    if (pairs === undefined) {
      this.#pairs.set(items, pairs = new Map());
      for (const pair of items) {
        if (isScalar(pair.key)) pairs.set(String(pair.key.value), pair);
      }
    }
    return pairs;
  }

  #resolve(alias: Alias): Node | undefined {
    return this.#document && alias.resolve(this.#document);
  }

  #positionOf(at: number): Position {
    const { line, col } = this.#lines.linePos(at);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }
}
