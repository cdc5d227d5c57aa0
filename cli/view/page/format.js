// Numbers and times as text.

const UNITS = ["", "k", "M", "G", "T"];

function scaled(value) {
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = value === 0 || value >= 99.95 || unit === 0 ? 0 : 1;
  return [value.toFixed(digits), UNITS[unit]];
}

/** A rate of bytes a second as bits a second: "1.2 Mbit/s". */
export function bitRate(bytes) {
  const [number, unit] = scaled(bytes * 8);
  return `${number} ${unit}bit/s`;
}

/** A number in three digits: "1.2k". */
export function amount(value) {
  return scaled(value).join("");
}

const TIME = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});

/** A time of day with seconds. */
export function timeOfDay(milliseconds) {
  return TIME.format(milliseconds);
}

/** A text of at most so many characters. */
export function shortened(text, most) {
  const characters = [...text];
  return characters.length <= most
    ? text
    : `${characters.slice(0, most - 1).join("")}…`;
}

/** "1 link", "2 links". */
export function count(number, noun) {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
