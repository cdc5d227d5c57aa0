// Link rates as text: one line for each link, sorted and filtered.

import { printable } from "../output/printable.ts";
import type { Style } from "../output/style.ts";
import type { LinkRates } from "../rates/meter.ts";

/** What links are sorted by; numbers descending, of both directions together. */
export const SORT_KEYS = [
  "bytes",
  "packets",
  "drops",
  "errors",
  "name",
] as const;
export type SortKey = typeof SORT_KEYS[number];

/** Which links are shown, and in which order. */
export interface Selection {
  readonly sort: SortKey;
  readonly reversed: boolean;
  /** A part of the name, namespace or kind, in any case. */
  readonly filter: string;
}

/** The links of a selection in its order. */
export function select(
  rates: readonly LinkRates[],
  { sort, reversed, filter }: Selection,
): LinkRates[] {
  const wanted = filter.toLowerCase();
  const selected = rates.filter(({ ifname, namespace = "", kind = "" }) =>
    [ifname, namespace, kind].some((text) =>
      text.toLowerCase().includes(wanted)
    )
  );
  const sign = reversed ? -1 : 1;
  const amountOf = AMOUNTS[sort];
  return selected.sort((a, b) =>
    sign * (amountOf(b) - amountOf(a) || byName(a, b))
  );
}

const AMOUNTS: Readonly<Record<SortKey, (link: LinkRates) => number>> = {
  bytes: ({ rx, tx }) => rx.bytes + tx.bytes,
  packets: ({ rx, tx }) => rx.packets + tx.packets,
  drops: ({ rx, tx }) => rx.dropped + tx.dropped,
  errors: ({ rx, tx }) => rx.errors + tx.errors,
  name: () => 0,
};

function byName(a: LinkRates, b: LinkRates): number {
  return compare(a.ifname, b.ifname) ||
    compare(a.namespace ?? "", b.namespace ?? "");
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Characters of a bar without a given width. */
const BAR = 10;
const MAX_BAR = 20;
/** Bars of 0 to 8 eighths of a character. */
const EIGHTHS = " ▏▎▍▌▋▊▉█";

const PACKETS = "packets/s";

/** A column of cells; `bar` is drawn as wide as the line allows. */
interface Column {
  readonly heading: string;
  readonly right?: boolean;
  readonly cell: (link: LinkRates) => string;
  readonly paint?: (text: string, link: LinkRates) => string;
}
interface BarColumn {
  readonly heading: string;
  /** From 0 to 1. */
  readonly bar: (link: LinkRates) => number;
}

/**
 * A heading and a line for each link.
 *
 * @param width Characters of a line: bars fill it, and columns of packets are
 * left out where they do not fit. Without it, bars have a fixed width.
 */
export function rateTable(
  links: readonly LinkRates[],
  style: Style,
  width = Infinity,
): string[] {
  let columns = columnsOf(links, style).map((column) => ({
    ...column,
    width: "bar" in column ? 1 : widest(column, links),
  }));
  if (lineWidth(columns) > width) {
    columns = columns.filter(({ heading }) => heading !== PACKETS);
  }
  const available = Math.floor((width - lineWidth(columns)) / 2) + 1;
  const bar = width === Infinity
    ? BAR
    : Math.max(1, Math.min(MAX_BAR, available));
  const line = (cell: (column: typeof columns[number]) => string) =>
    columns.map(cell).join("  ");
  const headings = line((column) =>
    "bar" in column
      ? column.heading.slice(0, bar).padEnd(bar)
      : pad(column.heading, column)
  );
  return [
    style.bold(headings),
    ...links.map((link) =>
      line((column) => {
        if ("bar" in column) return style.green(drawn(column.bar(link), bar));
        const text = pad(column.cell(link), column);
        return column.paint?.(text, link) ?? text;
      })
    ),
  ];
}

function widest(column: Column, links: readonly LinkRates[]): number {
  let width = column.heading.length;
  for (const link of links) width = Math.max(width, column.cell(link).length);
  return width;
}

/** With two spaces between columns. */
function lineWidth(columns: readonly { readonly width: number }[]): number {
  return columns.reduce((sum, { width }) => sum + width + 2, -2);
}

function pad(text: string, column: { width: number; right?: boolean }): string {
  return column.right ? text.padStart(column.width) : text.padEnd(column.width);
}

function columnsOf(
  links: readonly LinkRates[],
  style: Style,
): (Column | BarColumn)[] {
  let most = 1;
  let several = false;
  for (const { namespace, rx, tx } of links) {
    most = Math.max(most, rx.bytes, tx.bytes);
    several ||= namespace !== undefined;
  }
  const number = (heading: string, of: (link: LinkRates) => number) => ({
    heading,
    right: true,
    cell: (link: LinkRates) => amount(of(link)),
  });
  // Drops and errors have a mark that is visible without colours.
  const fault = (heading: string, of: (link: LinkRates) => number) => ({
    heading,
    right: true,
    cell: (link: LinkRates) => (of(link) > 0 ? "! " : "") + amount(of(link)),
    paint: (text: string, link: LinkRates) =>
      of(link) > 0 ? style.red(text) : text,
  });
  const namespace = {
    heading: "namespace",
    cell: ({ namespace }: LinkRates) => printable(namespace ?? "-"),
    paint: style.cyan,
  };
  const direction = (heading: string, way: "rx" | "tx") => [
    { heading, bar: (link: LinkRates) => link[way].bytes / most },
    number("bytes/s", (link) => link[way].bytes),
    number(PACKETS, (link) => link[way].packets),
  ];
  return [
    {
      heading: "link",
      cell: ({ ifname }) => printable(ifname),
      paint: (text, { up, rx, tx }) =>
        up && rx.packets + tx.packets > 0 ? text : style.dim(text),
    },
    ...several ? [namespace] : [],
    { heading: "state", cell: ({ up }) => up ? "up" : "down" },
    ...direction("in", "rx"),
    ...direction("out", "tx"),
    fault("drops/s", AMOUNTS.drops),
    fault("errors/s", AMOUNTS.errors),
  ];
}

/** A bar; any share above 0 is visible. */
function drawn(share: number, width: number): string {
  const eighths = share === 0 ? 0 : Math.max(1, Math.round(share * width * 8));
  const whole = EIGHTHS[8].repeat(eighths >> 3);
  const part = eighths & 7 ? EIGHTHS[eighths & 7] : "";
  return (whole + part).padEnd(width);
}

const UNITS = ["", "k", "M", "G", "T"];

/** "0", "12.3", "456", "1.2k": three digits or four characters. */
export function amount(value: number): string {
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = value === 0 || value >= 99.95 ? 0 : 1;
  return value.toFixed(digits) + UNITS[unit];
}
