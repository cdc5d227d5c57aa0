/**
 * Generates the manual page from the command tree: `deno task man`.
 *
 * @module
 */

import { type Command, type Option, Type } from "@cliffy/command";
import { netplumb } from "../cli/main.ts";

// deno-lint-ignore no-explicit-any -- commands of every shape
type AnyCommand = Command<any>;

/** Literal text in roff. */
function text(plain: string): string {
  return plain.replace(/\\/g, "\\e").replace(/-/g, "\\-")
    .replace(/^(?=[.'])/gm, "\\&");
}

/** Prose in roff, with `code` in bold. */
function prose(plain: string): string {
  return plain.split(/`([^`]*)`/).map((part, index) =>
    index % 2 ? `\\fB${text(part)}\\fR` : part.replace(/\\/g, "\\e")
      .replace(/--(?=\w)/g, "\\-\\-")
  ).join("").replace(/^(?=[.'])/gm, "\\&").replace(/\n\n+/g, "\n.PP\n");
}

const quoted = (plain: string) => `"${plain.replace(/"/g, '""')}"`;

function value(raw: string): string {
  const [, open, name, close] = /^([<[])([^:>\]]*).*([>\]])$/.exec(raw)!;
  const shown = `\\fI${text(name)}\\fR`;
  return open === "[" ? `[${shown}${close}` : shown;
}

function option(command: AnyCommand, option: Option): string {
  const flags = option.flags.map((flag) => `\\fB${text(flag)}\\fR`).join(", ");
  const values = option.args.map(({ raw }) => ` ${value(raw!)}`).join("");
  return `.TP\n${flags}${values}\n${prose(option.description)}${
    hints(command, option)
  }`;
}

function hints(command: AnyCommand, option: Option): string {
  const handler = command.getType(option.args[0]?.type)?.handler;
  const values = handler instanceof Type ? handler.values?.(command) ?? [] : [];
  const shown = option.defaultText ?? option.default;
  return [
    ...values.length > 0 ? [`One of ${values.join(", ")}.`] : [],
    ...shown !== undefined ? [`Default: ${shown}.`] : [],
    ...option.collect && !/repeated/.test(option.description)
      ? ["Can be repeated."]
      : [],
    ...option.conflicts?.length
      ? [`Not with ${option.conflicts.map((name) => `--${name}`).join(", ")}.`]
      : [],
  ].map((hint) => `\n${prose(hint)}`).join("");
}

function example({ name, description }: { name: string; description: string }) {
  return `.PP\n${prose(name)}:\n.PP\n.RS 4\n.EX\n${
    text(description)
  }\n.EE\n.RE`;
}

/** The sections of a command and its subcommands. */
function section(command: AnyCommand): string[] {
  const inside: AnyCommand[] = command.getCommands();
  const [summary, ...details] = command.getDescription().split("\n\n");
  const own: Option[] = command.getBaseOptions()
    .filter(({ name }) => name !== "help");
  const usage = command.getArguments().map(({ raw }) => value(raw!));
  if (own.length > 0) usage.push("[\\fIoptions\\fR]");
  if (inside.length > 0) usage.push("\\fIsubcommand\\fR ...");
  const described = command.getArguments().filter((arg) => arg.description);
  return [
    `.SS ${quoted(text(command.getPath()))}`,
    `\\fB${text(command.getPath())}\\fR ${usage.join(" ")}`.trimEnd(),
    ...[summary, ...details].map((part) => `.PP\n${prose(part)}`),
    ...described.map(({ raw, description }) =>
      `.TP\n${value(raw!)}\n${prose(description!)}`
    ),
    ...[...Map.groupBy(own, ({ groupName }) => groupName)].flatMap(
      ([group, options]) => [
        ...group ? [`.PP\n${prose(group)}:`] : [],
        ...options.map((each) => option(command, each)),
      ],
    ),
    ...command.getExamples().map(example),
    ...inside.flatMap(section),
  ];
}

const EXIT = [
  ["0", "Success."],
  ["1", "The kernel or a peer refused, or a check failed."],
  ["2", "Usage error."],
  ["3", "The result is known to be inconsistent."],
  ["77", "Not permitted; the message names the capability."],
];

/** The page as roff source. */
export async function manual(): Promise<string> {
  const tree = await netplumb();
  const [summary, ...details] = tree.getDescription().split("\n\n");
  const version = `netplumb ${tree.getVersion()}`;
  return [
    `.\\" Made from the command tree by "deno task man"; edit that.`,
    ".nr HY 0",
    `.TH NETPLUMB 1 "" ${quoted(version)} "User Commands"`,
    ".ad l",
    ".SH NAME",
    `netplumb \\- ${prose(summary.replace(/\.$/, ""))}`,
    ".SH SYNOPSIS",
    ".B netplumb",
    "\\fIsubcommand\\fR [\\fIoptions\\fR]",
    ".SH DESCRIPTION",
    ...details.map((part) => `${prose(part)}\n.PP`),
    "Data goes to standard output, everything else to standard error. A",
    "running command ends with exit status 0 on SIGINT, on SIGTERM and when",
    "its standard output is closed.",
    ".SH OPTIONS",
    "Options of all subcommands.",
    // Upstream adds these two when it parses.
    ".TP\n\\fB\\-h\\fR, \\fB\\-\\-help\\fR\nShow the help.",
    ".TP\n\\fB\\-V\\fR, \\fB\\-\\-version\\fR\nShow the version.",
    ...tree.getOptions().filter(({ name }) => name !== "help")
      .map((each) => option(tree, each)),
    ".SH SUBCOMMANDS",
    ...tree.getCommands().flatMap(section),
    ".SH EXIT STATUS",
    ...EXIT.map(([code, meaning]) => `.TP\n.B ${code}\n${meaning}`),
    ".SH ENVIRONMENT",
    ".TP\n.B NO_COLOR\nWhen set, output has no colours.",
    ".TP\n.B OTEL_DENO\nWhen true, events and totals go to the OpenTelemetry",
    "collector that OTEL_EXPORTER_OTLP_ENDPOINT names.",
    ".SH EXAMPLES",
    ...tree.getExamples().map(example),
    ".SH SEE ALSO",
    ".BR ip (8),",
    ".BR rtnetlink (7),",
    ".BR netlink (7),",
    ".BR network_namespaces (7)",
  ].join("\n") + "\n";
}

if (import.meta.main) {
  await Deno.stdout.write(new TextEncoder().encode(await manual()));
}
