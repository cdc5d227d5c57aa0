// docs/performance.md: what it explains is written by hand, the tables between
// a topic's two marks are written by its task.

import { plot } from "./plot.ts";
import type { TopicResult } from "./result.ts";
import { markdown } from "./table.ts";

const DOCS = new URL("../../docs/", import.meta.url).pathname;
const PAGE = `${DOCS}performance.md`;

/** Keeps a run: its JSON, its picture, its part of the page. */
export async function publish(
  result: TopicResult,
  ours: (name: string) => boolean,
): Promise<void> {
  const { topic, cases } = result;
  const kept = `${DOCS}performance/${topic}`;
  await Deno.mkdir(`${DOCS}performance`, { recursive: true });
  await Deno.writeTextFile(
    `${kept}.json`,
    JSON.stringify(result, rounded, 2) + "\n",
  );
  await Deno.writeTextFile(`${kept}.svg`, plot(cases, ours));
  const generated = `![${topic}, drawn](performance/${topic}.svg)\n\n${
    markdown(result, ours)
  }`;
  const page = await Deno.readTextFile(PAGE);
  await Deno.writeTextFile(PAGE, between(page, topic, generated));
  await new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--quiet", PAGE, `${kept}.json`, `${kept}.svg`],
  }).output();
}

/** Four digits are more than a busy machine is good for. */
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
