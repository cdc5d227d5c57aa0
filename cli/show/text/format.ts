// Formats JSON keys and values as tokens of text.

import { printable } from "../../output/printable.ts";
import type { Json } from "../shown.ts";

/** A value of one of iproute2's keys. */
export type Value = Json[string];

/** A keyword and its value; empty without a value. */
export function pair(word: string, value: Value | undefined): string[] {
  if (value === undefined) return [];
  const text = plain(value);
  return word === "" ? [text] : [word, text];
}

export function plain(value: Value): string {
  if (Array.isArray(value)) return value.map(plain).join(",");
  if (typeof value === "object" && value !== null) {
    return Object.entries(value).flatMap(([key, one]) => option(key, one))
      .join(" ");
  }
  return typeof value === "string" ? printable(value) : String(value);
}

/** "key value"; "key on" or "key off"; only the key for null. */
export function option(key: string, value: Value): string[] {
  if (value === null) return [key];
  if (typeof value === "boolean") return [key, value ? "on" : "off"];
  if (Array.isArray(value)) return [key, `[${value.map(plain).join(" ")}]`];
  return [key, plain(value)];
}

/** The tokens of the remaining keys. */
export function others(json: Json, formatted: readonly string[]): string[] {
  return Object.keys(json).flatMap((key) =>
    formatted.includes(key) ? [] : option(key, json[key])
  );
}

/** The elements of a value, if it is an array. */
export const list = (value: Value | undefined): readonly Value[] =>
  Array.isArray(value) ? value : [];

/** Whether the value is an object with keys. */
export function isJson(value: Value | undefined): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Keys and their keywords, in order of output. */
export type Keywords = ReadonlyArray<readonly [key: string, word: string]>;

/** The tokens of the existing keys, each after its keyword. */
export function formatKeys(json: Json, keywords: Keywords): string[] {
  // Runs for every event of a monitor: one array, not one for each key.
  const tokens: string[] = [];
  for (const [key, word] of keywords) {
    const value = json[key];
    if (value === undefined) continue;
    if (word !== "") tokens.push(word);
    tokens.push(plain(value));
  }
  return tokens;
}
