// How values and keys become words.

import { printable } from "../../output/printable.ts";
import type { Json } from "../shown.ts";

/** A value under one of iproute2's keys. */
export type Value = Json[string];

/** A value after its word; nothing where there is none. */
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

/** "key value"; "key on" or "key off"; the key alone where that is all. */
export function option(key: string, value: Value): string[] {
  if (value === null) return [key];
  if (typeof value === "boolean") return [key, value ? "on" : "off"];
  if (Array.isArray(value)) return [key, `[${value.map(plain).join(" ")}]`];
  return [key, plain(value)];
}

/** What is left of an object when these keys are told. */
export function others(json: Json, told: readonly string[]): string[] {
  return Object.keys(json).flatMap((key) =>
    told.includes(key) ? [] : option(key, json[key])
  );
}

/** The elements of a value, if it is an array. */
export const list = (value: Value | undefined): readonly Value[] =>
  Array.isArray(value) ? value : [];

/** Whether the value is an object with keys. */
export function isJson(value: Value | undefined): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Words for keys, in the order they are told. */
export type Words = ReadonlyArray<readonly [key: string, word: string]>;

/** The keys that are there, each after its word. */
export function tell(json: Json, words: Words): string[] {
  // A line for every event may be wanted: one array, not one for each key.
  const told: string[] = [];
  for (const [key, word] of words) {
    const value = json[key];
    if (value === undefined) continue;
    if (word !== "") told.push(word);
    told.push(plain(value));
  }
  return told;
}
