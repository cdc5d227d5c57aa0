// The samples of a soak test as an SVG chart: a panel each for what must be flat,
// and marks for what happened meanwhile.

import type { Sample } from "./sample.ts";

const WIDTH = 760;
const LEFT = 70;
const RIGHT = 90;
const HEIGHT = 90;
const GAP = 44;

const COLOURS: Record<string, string> = {
  echo: "#1f6feb",
  socket: "#8250df",
  monitor: "#1a7f37",
  tun: "#bc4c00",
  ensure: "#9a6700",
};

interface Panel {
  readonly title: string;
  readonly lines: Readonly<Record<string, readonly number[]>>;
}

function panels(samples: readonly Sample[]): Panel[] {
  const MiB = 1 << 20;
  const of = (
    kind: "rss" | "heap" | "external" | "descriptors",
    unit: number,
  ) =>
    Object.fromEntries(
      Object.keys(samples[0].subjects).map((name) => [
        name,
        samples.map(({ subjects }) => subjects[name][kind] / unit),
      ]),
    );
  const rates = Object.fromEntries(
    Object.keys(samples[0].clients).map((name) => [
      name,
      samples.map(({ clients, seconds }, index) => {
        const before = samples[index - 1];
        if (before === undefined) return 0;
        return (clients[name].answered - before.clients[name].answered) /
          Math.max(1, seconds - before.seconds) / 1000;
      }),
    ]),
  );
  return [
    { title: "Resident memory, MiB", lines: of("rss", MiB) },
    { title: "V8's heap in use, MiB", lines: of("heap", MiB) },
    { title: "External memory, MiB", lines: of("external", MiB) },
    { title: "Descriptors", lines: of("descriptors", 1) },
    { title: "Answers, thousands a second", lines: rates },
  ];
}

/** Draws them. */
export function plot(samples: readonly Sample[]): string {
  const end = Math.max(1, samples.at(-1)!.seconds);
  const x = (seconds: number) =>
    (LEFT + seconds / end * (WIDTH - LEFT - RIGHT)).toFixed(1);
  const parts: string[] = [];
  let top = 0;
  for (const { title, lines } of panels(samples)) {
    const bottom = top + GAP - 10 + HEIGHT;
    const most = Math.max(1, ...Object.values(lines).flat()) * 1.05;
    const y = (value: number) => (bottom - value / most * HEIGHT).toFixed(1);
    parts.push(
      `<text x="12" y="${top + 22}" font-weight="bold">${title}</text>`,
      `<path d="M${LEFT} ${bottom}H${WIDTH - RIGHT}M${LEFT} ${bottom}V${
        bottom - HEIGHT
      }" stroke="#8b949e" fill="none"/>`,
      `<text x="${LEFT - 6}" y="${bottom + 4}" text-anchor="end">0</text>`,
      `<text x="${LEFT - 6}" y="${bottom - HEIGHT + 8}" text-anchor="end">${
        most.toFixed(most < 10 ? 1 : 0)
      }</text>`,
    );
    let label = bottom - HEIGHT + 8;
    for (const [name, values] of Object.entries(lines)) {
      const path = values.map((value, index) =>
        `${x(samples[index].seconds)} ${y(value)}`
      ).join("L");
      parts.push(
        `<path d="M${path}" stroke="${COLOURS[name]}" fill="none"/>`,
        `<text x="${WIDTH - RIGHT + 8}" y="${label}" fill="${
          COLOURS[name]
        }">${name}</text>`,
      );
      label += 16;
    }
    top = bottom + 10;
  }
  const minutes = Math.round(end / 60);
  parts.push(
    `<text x="${LEFT}" y="${top + 14}">0</text>`,
    `<text x="${WIDTH - RIGHT}" y="${
      top + 14
    }" text-anchor="end">${minutes} minutes</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${
    top + 28
  }" font-family="sans-serif" font-size="12">
<rect width="${WIDTH}" height="${top + 28}" fill="#ffffff"/>
<g fill="#24292f">
${parts.join("\n")}
</g>
</svg>
`;
}
