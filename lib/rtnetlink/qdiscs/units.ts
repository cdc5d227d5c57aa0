// Times, rates, sizes and probabilities in the units of tc. Source: tc(8),
// "Parameters".

import type { Reader } from "../spec/value.ts";

type Units = Readonly<Record<string, number>>;

/** Nanoseconds. */
const TIMES: Units = {
  "": 1e3,
  s: 1e9,
  sec: 1e9,
  secs: 1e9,
  ms: 1e6,
  msec: 1e6,
  msecs: 1e6,
  us: 1e3,
  usec: 1e3,
  usecs: 1e3,
  ns: 1,
  nsec: 1,
  nsecs: 1,
};

/** Bytes a second: "bit" are bits, "bps" bytes. */
const RATES: Units = Object.fromEntries([
  ["", 1 / 8],
  ...["", "k", "m", "g", "t"].flatMap((prefix, power) => [
    [`${prefix}bit`, 1000 ** power / 8],
    [`${prefix}bps`, 1000 ** power],
    ...prefix === "" ? [] : [
      [`${prefix}ibit`, 1024 ** power / 8],
      [`${prefix}ibps`, 1024 ** power],
    ],
  ]),
]);

/** Bytes. */
const SIZES: Units = {
  "": 1,
  b: 1,
  k: 1024,
  kb: 1024,
  m: 1024 ** 2,
  mb: 1024 ** 2,
  g: 1024 ** 3,
  gb: 1024 ** 3,
  kbit: 1024 / 8,
  mbit: 1024 ** 2 / 8,
  gbit: 1024 ** 3 / 8,
};

/** Parts of 1. */
const PARTS: Units = { "": 0.01, "%": 0.01 };

/** A number with a unit. */
export interface Quantity extends Reader<string | number> {
  /** The number in the base unit. */
  in(given: string | number): number;
}

function quantity(
  expected: string,
  units: Units,
  most: number,
): Quantity {
  const parse = (given: unknown) => {
    const [, number, unit] = /^(\d+(?:\.\d+)?|\.\d+)([a-z%]*)$/.exec(
      String(given).toLowerCase(),
    ) ?? [];
    const factor = Object.hasOwn(units, unit ?? "?") ? units[unit!] : undefined;
    return factor === undefined ? NaN : Number(number) * factor;
  };
  return {
    expected,
    schema: { anyOf: [{ type: "string" }, { type: "number", minimum: 0 }] },
    read: (given) =>
      (typeof given === "string" || typeof given === "number") &&
        parse(given) <= most
        ? given
        : undefined,
    in: (given) => parse(given),
  };
}

/** A time; in nanoseconds. A number without a unit is in microseconds. */
export const time: Quantity = quantity(
  "a time such as 50ms, 1s or 100us",
  TIMES,
  2 ** 53,
);

/** A time of 32 bits in microseconds. */
export const shortTime: Quantity = quantity(
  "a time such as 50ms, 1s or 100us, up to 4294s",
  TIMES,
  0xffff_ffff * 1000,
);

/** A rate; in bytes a second. A number without a unit is in bits a second. */
export const rate: Quantity = quantity(
  "a rate such as 1mbit, 500kbit or 10mbps (bytes)",
  RATES,
  2 ** 53,
);

/** A size; in bytes. */
export const size: Quantity = quantity(
  "a size such as 1500, 10kb or 1mb",
  SIZES,
  0xffff_ffff,
);

/** A probability; in parts of 1. A number without a unit is in percent. */
export const probability: Quantity = quantity(
  "a percentage such as 1% or 0.5%",
  PARTS,
  1,
);

/** A probability as the kernel has it: parts of 2^32 - 1. */
export function kernelProbability(given: string | number | undefined): number {
  return given === undefined
    ? 0
    : Math.round(probability.in(given) * 0xffff_ffff);
}

/** Ticks of the packet scheduler in a microsecond: 64 ns each. */
const TICKS = 1000 / 64;

/** The time to send bytes at a rate, in ticks. */
export function transmissionTicks(rate: number, bytes: number): number {
  return Math.min(0xffff_ffff, Math.ceil(1e6 * (bytes / rate) * TICKS));
}

/** Ticks in whole microseconds, as iproute2 6.1 counts. */
export function tickTime(ticks: number): number {
  return Math.floor(ticks / TICKS);
}

/** The bytes that are sent at a rate in a number of ticks. */
export function transmittedBytes(rate: number, ticks: number): number {
  return Math.floor(rate * tickTime(ticks) / 1e6);
}

/** A fraction as iproute2 prints it, with six digits. */
export function sixDigits(value: number): number {
  return Number(value.toPrecision(6));
}

/** A number in the largest unit in which it is whole; units by size. */
function inUnits(value: number, factors: Units, units: string[]): string {
  const unit = units.find((one) => value % factors[one]! === 0) ??
    units.at(-1)!;
  return `${value / factors[unit]!}${unit}`;
}

/** A time as a user writes it: "50ms". In nanoseconds. */
export function timeText(time: number): string {
  return inUnits(time, TIMES, ["s", "ms", "us", "ns"]);
}

/** A rate as a user writes it: "1mbit". In bytes a second. */
export function rateText(rate: number): string {
  return inUnits(rate, RATES, ["gbit", "mbit", "kbit", "bit"]);
}

/** A probability as a user writes it: "0.5%". In parts of 1. */
export function percentText(part: number): string {
  return `${sixDigits(100 * part)}%`;
}
