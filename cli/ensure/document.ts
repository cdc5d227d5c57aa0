// A file in YAML or JSON, and where in it each value stands.

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

/** A place in a text, both from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Something that a text cannot mean. */
export interface Fault {
  readonly message: string;
  readonly place: Place;
}

/** What errors of the YAML library mean for who wrote the file. */
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

/** A text that was read. */
export class YamlDocument {
  /** What is wrong with the text itself. */
  readonly faults: readonly Fault[];
  /** What it says; undefined if there are faults. */
  readonly value: unknown;
  readonly #document: Document.Parsed | undefined;
  readonly #lines = new LineCounter();
  readonly #pairs = new WeakMap<object, Map<string, Pair<Node, Node>>>();

  /** Reads a text in YAML 1.2, of which JSON is a part. */
  constructor(text: string) {
    // A byte order mark is no part of the text.
    const documents = parseAllDocuments(text.replace(/^\ufeff/, ""), {
      lineCounter: this.#lines,
      prettyErrors: false,
      merge: true,
    });
    const [document, second] = Array.isArray(documents) ? documents : [];
    this.#document = document;
    const faults: Fault[] = (document?.errors ?? []).map((
      { code, message, pos: [at] },
    ) => ({
      message: `${SENTENCES[code] ?? "this is not YAML"} (${message})`,
      place: this.#placeOf(at),
    }));
    if (second !== undefined) {
      faults.push({
        message: SENTENCES.MULTIPLE_DOCS,
        place: this.#placeOf(second.range[0]),
      });
    }
    if (document) this.#findLostAliases(document, faults);
    this.faults = faults;
    if (faults.length > 0) return;
    try {
      this.value = document?.toJS();
    } catch (error) {
      // Aliases of aliases that would fill the memory, or that end nowhere.
      if (!(error instanceof Error)) throw error;
      this.faults = [{
        message: `its aliases cannot be followed (${error.message})`,
        place: { line: 1, column: 1 },
      }];
    }
  }

  /**
   * Where the value of a path stands, or the nearest to it.
   *
   * @param word Whether the last word itself is meant, not its value.
   */
  place(path: Path, word: boolean): Place {
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
    return this.#placeOf(at);
  }

  /** An alias means the last anchor of its name before it. */
  #findLostAliases(document: Document.Parsed, faults: Fault[]): void {
    const anchors = new Set<string>();
    visit(document, {
      Value: (_, { anchor }) => {
        if (anchor !== undefined) anchors.add(anchor);
      },
      Alias: (_, { source, range }) => {
        if (anchors.has(source)) return;
        faults.push({
          message: `no anchor &${source} stands before this alias`,
          place: this.#placeOf(range?.[0] ?? 0),
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
    // A word that came by way of a merge stands where its anchor is.
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

  /** The pairs of a mapping, which many problems may be in. */
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

  #placeOf(at: number): Place {
    const { line, col } = this.#lines.linePos(at);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }
}
