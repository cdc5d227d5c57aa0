// Checks of header fields before they are written: a value that does not fit
// its field would change the fields beside it.

import { ArgumentError } from "../errors.ts";

/**
 * Refuses a field that is not a whole number from 0 to `max`.
 *
 * @param name The field, as the caller knows it.
 */
export function checkNumber(
  name: string,
  value: number | undefined,
  max: number,
): void {
  if (value === undefined) return;
  if (value >= 0 && value <= max && Number.isInteger(value)) return;
  throw new ArgumentError(name, value, `a whole number from 0 to ${max}`);
}

/** Refuses an address of another length. */
export function checkLength(
  name: string,
  bytes: Uint8Array,
  length: number,
): void {
  if (bytes.length === length) return;
  throw new ArgumentError(name, `${bytes.length} bytes`, `of ${length} bytes`);
}

/** Refuses options or extension headers that end between two units. */
export function checkUnits(
  name: string,
  bytes: Uint8Array | undefined,
  unit: number,
  max: number,
): void {
  if (bytes === undefined) return;
  if (bytes.length % unit === 0 && bytes.length <= max) return;
  throw new ArgumentError(
    name,
    `${bytes.length} bytes`,
    `a multiple of ${unit} bytes, at most ${max}`,
  );
}

/** Refuses a buffer that ends before what is written into it. */
export function checkRoom(
  bytes: Uint8Array,
  offset: number,
  length: number,
): void {
  if (
    offset >= 0 && offset + length <= bytes.length && Number.isInteger(offset)
  ) return;
  throw new ArgumentError(
    "bytes",
    `a buffer of ${bytes.length} bytes`,
    `long enough for ${length} bytes at ${offset}`,
  );
}
