// A table of attributes, and all that follows from one: reading what the user
// gives, encoding, JSON, and what differs between the kernel and a wish.

import { ArgumentError } from "../../errors.ts";
import { AttributeReader } from "../../netlink/attribute.ts";
import { AttributeWriter } from "../../netlink/attribute_writer.ts";
import { noCounts } from "../../netlink/counters.ts";
import { NetlinkBuffer } from "../../netlink/buffer.ts";
import type {
  Attribute,
  ChangeTime,
  OptionValues,
  SharedAttribute,
} from "./attribute.ts";
import type { JsonValue, KindData } from "./json.ts";
import { AttributeLevel } from "./level.ts";
import type { NameLookup } from "./name_lookup.ts";
import { type Option, take } from "./value.ts";

/** How the words of a command line and the keys of a file are read. */
export interface OptionTable {
  // deno-lint-ignore no-explicit-any -- each option has a value of its own type
  readonly [word: string]: Option<any>;
}

/** A table with a line for every option of an interface. */
export type OptionsOf<O> = {
  readonly [Word in keyof O]-?: Option<Exclude<O[Word], undefined>>;
};

/** Entries by the names of their options. */
export interface Entries {
  // deno-lint-ignore no-explicit-any -- each option has a value of its own type
  readonly [word: string]: Attribute<any>;
}

/**
 * Reads options; each must be one of the table's.
 *
 * @param whose Whose options they are, for errors.
 */
export function readOptions(
  whose: string,
  table: OptionTable,
  given: OptionValues,
): OptionValues {
  const values: Record<string, unknown> = {};
  for (const [word, value] of Object.entries(given)) {
    if (value === undefined) continue;
    const reader = Object.hasOwn(table, word) ? table[word] : undefined;
    if (reader === undefined) {
      const words = Object.keys(table).join(", ");
      throw new ArgumentError(
        `${whose} option`,
        word,
        words === "" ? "possible: there are none" : `one of ${words}`,
      );
    }
    values[word] = take(`${whose} ${word}`, value, reader);
  }
  return values;
}

/**
 * Reads a specification: all of it is in the table, and what is required there.
 *
 * @param whose What it specifies, for errors.
 */
export function readSpec<O extends object>(
  whose: string,
  table: OptionsOf<O>,
  given: O,
  required: readonly (keyof O & string)[] = [],
): O {
  const values = readOptions(whose, table, { ...given as OptionValues });
  for (const word of required) {
    if (values[word] === undefined) {
      take(`${whose} ${word}`, undefined, table[word]);
    }
  }
  return values as O;
}

/** An option that does not have the wanted value. */
export interface OptionDifference {
  /** The option, as the user named it. */
  readonly key: string;
  /** The value in the kernel, for people. */
  readonly is: string;
  /** The wanted value, for people. */
  readonly wanted: string;
  /** When the kernel accepts the wanted value. */
  readonly change: ChangeTime;
}

/** Attributes as a level, for what was just encoded. */
export function encodedLevel(
  encode: (body: AttributeWriter) => void,
): AttributeLevel {
  const body = new AttributeWriter();
  encode(body);
  return levelOf(body.finish());
}

/** Attributes as a level, for a copy of them. */
export function levelOf(bytes: Uint8Array<ArrayBuffer>): AttributeLevel {
  const reader = new AttributeReader(NetlinkBuffer.of(bytes), noCounts());
  reader.reset(0, bytes.length);
  return new AttributeLevel(reader);
}

/** A value for people, in the words of a command line. */
export function valueText(value: unknown): string {
  if (value === undefined) return "not set";
  if (typeof value === "boolean") return value ? "on" : "off";
  if (Array.isArray(value)) return value.map(valueText).join(",");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** A table of attributes in the order in which iproute2 prints them. */
export class AttributeTable {
  /** All entries. */
  readonly entries: Entries;
  /** The entries that can be set. */
  readonly options: Entries;
  /** Keys of `json()` whose value is an ifindex. */
  readonly links: readonly string[];
  /** Keys of `json()` that change by themselves. */
  readonly timers: ReadonlySet<string>;
  readonly #fields: {
    readonly key: string;
    read(level: AttributeLevel): JsonValue | undefined;
  }[] = [];

  constructor(entries: Entries) {
    this.entries = entries;
    const all = Object.entries(entries);
    this.options = Object.fromEntries(
      all.filter(([, { change }]) => change !== "never"),
    );
    const links: string[] = [];
    const timers = new Set<string>();
    for (const [word, { json, timer }] of all) {
      for (const { key = word, link, read } of json) {
        this.#fields.push({ key, read });
        if (link) links.push(key);
        if (timer) timers.add(key);
      }
    }
    this.links = links;
    this.timers = timers;
  }

  /** Whether iproute2's JSON holds anything of it. */
  get isPrinted(): boolean {
    return this.#fields.length > 0;
  }

  /** What iproute2's JSON holds, other links as their ifindex. */
  json(level: AttributeLevel): KindData {
    const data: KindData = {};
    for (const { key, read } of this.#fields) {
      const value = read(level);
      if (value !== undefined) data[key] = value;
    }
    return data;
  }

  /** The values in a message, by the names of the options. */
  decode(level: AttributeLevel): OptionValues {
    const values: Record<string, unknown> = {};
    for (const [word, entry] of Object.entries(this.entries)) {
      const value = entry.decode(level);
      if (value !== undefined) values[word] = value;
    }
    return values;
  }

  /** Options in the place of those that stand for them. */
  expanded(values: OptionValues): OptionValues {
    const result: Record<string, unknown> = {};
    for (const [word, value] of Object.entries(values)) {
      if (value === undefined) continue;
      const { means } = this.#entry(word);
      if (means === undefined) result[word] = value;
      else for (const part of means) result[part] = values[part] ?? value;
    }
    return result;
  }

  /** Writes options that were read. */
  encode(body: AttributeWriter, given: OptionValues, names: NameLookup): void {
    const values = this.expanded(given);
    const shared = new Set<SharedAttribute>();
    for (const [word, value] of Object.entries(values)) {
      const { encode, writes } = this.#entry(word);
      encode?.(body, value, names);
      if (writes !== undefined) shared.add(writes);
    }
    for (const one of shared) one.write(body, values);
  }

  /**
   * The options that differ from what is wanted, each once.
   *
   * @param found What the kernel reports; undefined for nothing.
   * @param wanted Options that were read, as `encode()` takes them.
   * @param given Those of them that the user gave.
   * @param nameOf The name of a link.
   */
  differences(
    found: AttributeLevel | undefined,
    wanted: OptionValues,
    given: OptionValues,
    names: NameLookup,
    nameOf: (ifindex: number) => string,
  ): OptionDifference[] {
    const is = found ?? encodedLevel(() => {});
    // What the kernel would report of the wanted: both are read the same way.
    const wish = encodedLevel((body) => this.encode(body, wanted, names));
    const different: OptionDifference[] = [];
    const reported = new Set<string>();
    for (const part of Object.keys(this.expanded(wanted))) {
      const entry = this.#entry(part);
      const value = entry.decode(is);
      if (value === undefined && entry.isReported === false) continue;
      const [one, other] = pair(entry, value, entry.decode(wish));
      if (isSame(entry, one, other)) continue;
      const key = this.#userWord(part, given);
      if (reported.has(key)) continue;
      reported.add(key);
      const text = (word: string, value: unknown) =>
        textOf(this.#entry(word), value, nameOf);
      different.push({
        key,
        is: key === part ? text(part, one) : this.#partsText(key, is, nameOf),
        wanted: text(key, given[key] ?? other),
        change: entry.changeOf?.(one, other) ?? entry.change ?? "any time",
      });
    }
    return different;
  }

  /** The option that the user gave, which may stand for this one. */
  #userWord(part: string, given: OptionValues): string {
    if (given[part] !== undefined) return part;
    return Object.keys(given).find((word) =>
      given[word] !== undefined && this.#entry(word).means?.includes(part)
    ) ?? part;
  }

  /** The value of an option that stands for others, which may disagree. */
  #partsText(
    word: string,
    level: AttributeLevel,
    nameOf: (ifindex: number) => string,
  ): string {
    const { means = [] } = this.#entry(word);
    const texts = means.map((part) => {
      const entry = this.#entry(part);
      const [value] = pair(entry, entry.decode(level), undefined);
      return textOf(entry, value, nameOf);
    });
    const [first = ""] = texts;
    return texts.every((one) => one === first)
      ? first
      : means.map((part, index) => `${part} ${texts[index]}`).join(", ");
  }

  #entry(word: string): Attribute<unknown> {
    const entry = this.entries[word];
    if (entry === undefined) throw new TypeError(`no attribute ${word}`);
    return entry;
  }
}

/** Two values, where absent means what the kernel reports by default. */
function pair(
  { kernelDefault }: Attribute<unknown>,
  one: unknown,
  other: unknown,
): [unknown, unknown] {
  const absent = (beside: unknown) =>
    kernelDefault ??
      (typeof beside === "boolean"
        ? false
        : typeof beside === "number"
        ? 0
        : undefined);
  return [one ?? absent(other), other ?? absent(one)];
}

/** Whether the kernel's value of an entry is the wanted one. */
export function isSame(
  entry: { same?(is: unknown, wanted: unknown, given: unknown): boolean },
  one: unknown,
  other: unknown,
  given?: unknown,
): boolean {
  if (one === undefined || other === undefined) return one === other;
  if (entry.same !== undefined) return entry.same(one, other, given);
  return one === other ||
    (typeof one === "object" && JSON.stringify(one) === JSON.stringify(other));
}

function textOf(
  entry: Attribute<unknown>,
  value: unknown,
  nameOf: (ifindex: number) => string,
): string {
  if (value === undefined) return "not set";
  if (entry.text !== undefined) return entry.text(value);
  return entry.link && typeof value === "number"
    ? nameOf(value)
    : valueText(value);
}
