// A table of attributes: parses options, encodes, decodes, prints JSON and
// compares with the kernel.

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

/** How the keywords of a command line and the keys of a file are parsed. */
export interface OptionTable {
  // deno-lint-ignore no-explicit-any -- each option has a value of its own type
  readonly [word: string]: Option<any>;
}

/** A table with an entry for every option of an interface. */
export type OptionsOf<O> = {
  readonly [Word in keyof O]-?: Option<Exclude<O[Word], undefined>>;
};

/** Entries by option name. */
export interface Entries {
  // deno-lint-ignore no-explicit-any -- each option has a value of its own type
  readonly [word: string]: Attribute<any>;
}

/**
 * Parses options; each must be in the table.
 *
 * @param whose The owner of the options, for errors.
 */
export function readOptions(
  whose: string,
  table: OptionTable,
  given: OptionValues,
): OptionValues {
  const values: Record<string, unknown> = {};
  for (const word of Object.keys(given)) {
    const value = given[word];
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
    const read = reader.read(value);
    if (read === undefined) {
      throw new ArgumentError(`${whose} ${word}`, value, reader.expected);
    }
    values[word] = read;
  }
  return values;
}

/**
 * Parses a specification: all keys must be in the table, and the required ones
 * given.
 *
 * @param whose The specified object, for errors.
 */
export function readSpec<O extends object>(
  whose: string,
  table: OptionsOf<O>,
  given: O,
  required: readonly (keyof O & string)[] = [],
): O {
  const values = readOptions(whose, table, given as OptionValues);
  for (const word of required) {
    if (values[word] === undefined) {
      take(`${whose} ${word}`, undefined, table[word]);
    }
  }
  return values as O;
}

/** An option that does not have the desired value. */
export interface OptionDifference {
  /** The option, as the user named it. */
  readonly key: string;
  /** The value in the kernel, as text. */
  readonly is: string;
  /** The desired value, as text. */
  readonly wanted: string;
  /** When the kernel accepts the desired value. */
  readonly change: ChangeTime;
}

/** The attributes that were just encoded, as a level. */
export function encodedLevel(
  encode: (body: AttributeWriter) => void,
): AttributeLevel {
  const body = new AttributeWriter();
  encode(body);
  return levelOf(body.finish());
}

/** A copy of attributes, as a level. */
export function levelOf(bytes: Uint8Array<ArrayBuffer>): AttributeLevel {
  const reader = new AttributeReader(NetlinkBuffer.of(bytes), noCounts());
  reader.reset(0, bytes.length);
  return new AttributeLevel(reader);
}

/** A value as text, in the keywords of a command line. */
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

  /** Whether iproute2's JSON has any of it. */
  get isPrinted(): boolean {
    return this.#fields.length > 0;
  }

  /** The values in iproute2's JSON, with other links as their ifindex. */
  json(level: AttributeLevel): KindData {
    const data: KindData = {};
    for (const { key, read } of this.#fields) {
      const value = read(level);
      if (value !== undefined) data[key] = value;
    }
    return data;
  }

  /** The values in a message, by option name. */
  decode(level: AttributeLevel): OptionValues {
    const values: Record<string, unknown> = {};
    for (const [word, entry] of Object.entries(this.entries)) {
      const value = entry.decode(level);
      if (value !== undefined) values[word] = value;
    }
    return values;
  }

  /** Replaces options that expand to others. */
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

  /** Encodes parsed options. */
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
   * The options that differ from the desired values, each once.
   *
   * @param found The attributes from the kernel; undefined for none.
   * @param wanted Parsed options, as for `encode()`.
   * @param given The options that the user gave.
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
    // The desired options as the kernel would report them: both are decoded
    // alike.
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

  /** The option that the user gave, which may expand to this one. */
  #userWord(part: string, given: OptionValues): string {
    if (given[part] !== undefined) return part;
    return Object.keys(given).find((word) =>
      given[word] !== undefined && this.#entry(word).means?.includes(part)
    ) ?? part;
  }

  /** The value of an option that expands to others, whose values may differ. */
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

/** Two values, where absent means the kernel's default. */
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

/** Whether the kernel's value of an entry is the desired one. */
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
