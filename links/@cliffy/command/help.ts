// deno-lint-ignore-file no-explicit-any
import { plain, type Style, styled } from "./ansi.ts";
import type { Command } from "./command.ts";
import { parseArguments } from "./definition.ts";
import { flag } from "./errors.ts";
import { Type } from "./type.ts";
import type { Argument, Option } from "./types.ts";

export interface HelpOptions {
  /** Show the types of arguments. */
  types?: boolean;
  /** Show defaults, what is required and what goes together. */
  hints?: boolean;
  colors?: boolean;
  /** Whole descriptions and not just their first lines. */
  long?: boolean;
}

type Item = [term: string, description: string];

const INDENT = "  ";
/** What is narrower is not worth breaking lines for. */
const NARROW = 40;

function shownWidth(text: string): number {
  return plain(text).length;
}

/** Breaks lines at spaces where they are wider than that, if they can be. */
function broken(text: string, width: number): string[] {
  const lines: string[] = [];
  for (let line of text.split("\n")) {
    while (width >= NARROW && line.length > width) {
      const before = line.lastIndexOf(" ", width);
      const at = line.slice(0, before).trim() === ""
        ? line.indexOf(" ", width)
        : before;
      if (at < 0) break;
      lines.push(line.slice(0, at).trimEnd());
      line = line.slice(at).trimStart();
    }
    lines.push(line);
  }
  return lines;
}

function columns(): number {
  return Deno.stdout.isTerminal() ? Deno.consoleSize().columns : 150;
}

function written(arg: Argument, types: boolean): string {
  const name = `${arg.name}${arg.variadic ? "..." : ""}`;
  const type = types ? `:${arg.type}${arg.list ? "[]" : ""}` : "";
  return arg.optional ? `[${name}${type}]` : `<${name}${type}>`;
}

export function generateHelp(
  cmd: Command<any>,
  { types = false, hints = true, colors = true, long = false }: HelpOptions,
): string {
  const style = (format: Style, text: string) =>
    colors && !Deno.noColor ? styled(format, text) : text;
  const room = columns() - INDENT.length;
  const section = (title: string, body: string[]) =>
    body.length > 0
      ? `\n${style("bold", `${title}:`)}\n\n${body.join("\n")}\n`
      : "";
  const items = (title: string, list: Item[]) => {
    const width = widest(list.map(([term]) => shownWidth(term))) +
      INDENT.length;
    return section(
      title,
      list.map(([term, text]) =>
        INDENT + term + " ".repeat(width - shownWidth(term)) +
        broken(text, room - width).join(`\n${INDENT}${" ".repeat(width)}`)
      ),
    );
  };
  const brief = (text: string) => long ? text : text.trim().split("\n", 1)[0];
  const args = (list: Argument[]) =>
    list.map((arg) => written(arg, types)).join(" ");
  const usage = cmd.getUsage().split(" ").map((part) =>
    /^[<[].+[\]>]$/.test(part) ? args(parseArguments(part)) : part
  );

  let text = `\n${style("bold", "Usage:")}   ${
    style("magentaBright", [cmd.getPath(), ...usage].join(" ").trim())
  }\n`;
  if (cmd.getVersion()) {
    text += `${style("bold", "Version:")} ${
      style("yellow", cmd.getVersion()!)
    }\n`;
  }
  if (cmd.getDescription()) {
    text += section(
      "Description",
      broken(cmd.getDescription(), room).map((line) => line && INDENT + line),
    );
  }
  const described = cmd.getArguments().filter((arg) => arg.description);
  text += items(
    "Arguments",
    described.map((arg) => [
      written(arg, types),
      `- ${brief(arg.description!)}${hints ? argumentHints(cmd, arg) : ""}`,
    ]),
  );
  for (const [group, options] of groups(cmd.getOptions())) {
    const width = widest(options.map(({ flags }) => flags.join(", ").length));
    text += items(
      group,
      options.map((option) => [
        `${style("blueBright", option.flags.join(", ").padEnd(width))}  ${
          args(option.args)
        }`.trimEnd(),
        `- ${brief(option.description)}${
          hints ? optionHints(cmd, option) : ""
        }`,
      ]),
    );
  }
  text += items(
    "Commands",
    cmd.getCommands().map((sub: Command<any>) => [
      `${
        style("blueBright", [sub.getName(), ...sub.getAliases()].join(", "))
      }  ${args(sub.getArguments())}`.trimEnd(),
      `- ${sub.getShortDescription()}`,
    ]),
  );
  text += section(
    "Examples",
    cmd.getExamples().map(({ name, description }) =>
      `  ${style("dim", name)}\n${description.replace(/^(?=.)/gm, "    ")}`
    ),
  );
  return text;
}

function widest(widths: number[]): number {
  return widths.reduce((most, width) => Math.max(most, width), 0);
}

function groups(options: Option[]): Map<string, Option[]> {
  return Map.groupBy(options, (option) => option.groupName ?? "Options");
}

function optionHints(cmd: Command<any>, option: Option): string {
  const hints: string[] = [];
  if (option.required) hints.push("required");
  const value = typeof option.default === "function"
    ? option.default()
    : option.default;
  const shown = typeof option.defaultText === "function"
    ? option.defaultText(value)
    : option.defaultText ?? value;
  if (shown !== undefined) hints.push(`Default: ${Deno.inspect(shown)}`);
  if (option.depends) {
    hints.push(`Depends: ${option.depends.map(flag).join(", ")}`);
  }
  if (option.conflicts) {
    hints.push(`Conflicts: ${option.conflicts.map(flag).join(", ")}`);
  }
  return hinted(cmd, option.args[0], hints);
}

function argumentHints(cmd: Command<any>, arg: Argument): string {
  return hinted(cmd, arg, arg.optional ? [] : ["required"]);
}

/** The hints, and the values that the type of an argument allows. */
function hinted(
  cmd: Command<any>,
  arg: Argument | undefined,
  hints: string[],
): string {
  const handler = arg && cmd.getType(arg.type)?.handler;
  const values = handler instanceof Type ? handler.values?.(cmd) : undefined;
  if (values?.length) {
    hints.push(
      `Values: ${values.map((value) => Deno.inspect(value)).join(", ")}`,
    );
  }
  return hints.length > 0 ? ` (${hints.join(", ")})` : "";
}
