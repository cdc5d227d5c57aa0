// Link rates as text.

import { printable } from "../output/printable.ts";
import type { Style } from "../output/style.ts";
import type { LinkRates, Rate } from "./meter.ts";

const BAR = 10;
/** Bars of 0 to 8 eighths of a character. */
const EIGHTHS = " ▏▎▍▌▋▊▉█";
const HEADINGS = ["packets/s", "bytes/s", "dropped/s"] as const;
const COLUMN = "packets/s".length;

/** The lines of the view. */
export function rateView(
  rates: readonly LinkRates[],
  style: Style,
): string[] {
  let name = "link".length;
  let most = 1;
  for (const { ifname, rx, tx } of rates) {
    name = Math.max(name, printable(ifname).length);
    most = Math.max(most, rx.bytes, tx.bytes);
  }
  const headings = HEADINGS.map((one) => one.padStart(COLUMN)).join("  ");
  const lines = [
    style.bold(
      `${"link".padEnd(name)}  ${"in".padEnd(BAR)}  ${headings}  ` +
        `${"out".padEnd(BAR)}  ${headings}`,
    ),
  ];
  const several = rates.some(({ namespace }) => namespace !== undefined);
  for (const [namespace, links] of Map.groupBy(rates, (r) => r.namespace)) {
    if (several) lines.push(style.cyan(printable(namespace ?? "here")));
    for (const { ifname, up, rx, tx } of links) {
      const idle = rx.packets + tx.packets + rx.dropped + tx.dropped === 0;
      const label = printable(ifname).padEnd(name);
      const cells = [
        up && !idle ? label : style.dim(label),
        direction(rx, most, style),
        direction(tx, most, style),
      ];
      lines.push(cells.join("  "));
    }
  }
  return lines;
}

function direction(rate: Rate, most: number, style: Style): string {
  const { packets, bytes, dropped } = rate;
  const cell = (value: number) => amount(value).padStart(COLUMN);
  const drops = cell(dropped);
  return [
    style.green(bar(bytes / most)),
    cell(packets),
    cell(bytes),
    dropped > 0 ? style.red(drops) : drops,
  ].join("  ");
}

/** A bar; any share above 0 is visible. */
function bar(share: number): string {
  const eighths = share === 0 ? 0 : Math.max(1, Math.round(share * BAR * 8));
  const whole = EIGHTHS[8].repeat(eighths >> 3);
  const part = eighths & 7 ? EIGHTHS[eighths & 7] : "";
  return (whole + part).padEnd(BAR);
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
