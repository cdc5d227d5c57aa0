// Updates docs/engineering-log.md: the tables between the two marks of a topic.

import { plot } from "./plot.ts";
import type { TopicResult } from "./result.ts";
import { markdown } from "./table.ts";

const DOCS = new URL("../../docs/", import.meta.url).pathname;
const PAGE = `${DOCS}engineering-log.md`;

/** Writes the samples, the chart and the tables of a run. */
export async function publish(
  result: TopicResult,
  ours: (name: string) => boolean,
): Promise<void> {
  const { topic, cases } = result;
  const chart = `${DOCS}performance/${topic}.svg`;
  await Deno.mkdir(`${DOCS}performance`, { recursive: true });
  await Deno.writeTextFile(chart, plot(cases, ours));
  await format(chart);
  await publishText(
    topic,
    result,
    `![Results of bench:${topic}](performance/${topic}.svg)\n\n${
      markdown(result, ours)
    }`,
  );
}

/** The same for a topic without a chart. */
export async function publishText(
  topic: string,
  result: unknown,
  text: string,
): Promise<void> {
  const samples = `${DOCS}performance/${topic}.json`;
  await Deno.mkdir(`${DOCS}performance`, { recursive: true });
  await Deno.writeTextFile(samples, JSON.stringify(result, rounded, 2) + "\n");
  const page = await Deno.readTextFile(PAGE);
  await Deno.writeTextFile(PAGE, between(page, topic, text));
  await format(PAGE, samples);
}

async function format(...files: string[]): Promise<void> {
  await new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--quiet", ...files],
  }).output();
}

/** More than four digits are noise. */
function rounded(_: string, value: unknown): unknown {
  return typeof value === "number" ? Number(value.toPrecision(4)) : value;
}

function between(page: string, topic: string, text: string): string {
  const begin = `<!-- bench:${topic} -->`;
  const end = `<!-- /bench:${topic} -->`;
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < from) throw new Error(`${PAGE} has no ${begin}`);
  return `${page.slice(0, from + begin.length)}\n\n${text}\n\n${
    page.slice(to)
  }`;
}
