// The log on stderr.

import { BaseHandler, type LogRecord } from "@std/log/base-handler";
import { getLevelByName, type LevelName, LogLevels } from "@std/log/levels";
import { Logger } from "@std/log/logger";
import { printable, printableJson } from "./output/printable.ts";
import { style, wantsColor } from "./output/style.ts";
import { consoleExport } from "./output/telemetry.ts";

/** The values of --log-level. */
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = typeof LOG_LEVELS[number];

const { bold, dim, red, yellow } = style(wantsColor(Deno.stderr));
const WORDING: Record<string, (message: string) => string> = {
  DEBUG: (message) => dim(`debug: ${message}`),
  WARN: (message) => `${yellow("warning:")} ${message}`,
  ERROR: (message) => `${bold(red("netplumb:"))} ${message}`,
};

// The handler of @std/log prints to stdout.
class StderrHandler extends BaseHandler {
  readonly #encoder = new TextEncoder();

  override handle(record: LogRecord): void {
    if (consoleExport && record.level >= LogLevels.WARN) {
      const error = record.level >= LogLevels.ERROR;
      (error ? console.error : console.warn)(this.format(record));
      if (consoleExport === "capture") return;
    }
    super.handle(record);
  }

  log(message: string): void {
    try {
      Deno.stderr.writeSync(this.#encoder.encode(message + "\n"));
    } catch {
      // A closed or full stderr does not stop the command.
    }
  }
}

const stderr = new StderrHandler("DEBUG", {
  formatter({ levelName, msg }) {
    // Errors contain names of other programs.
    const safe = msg.split("\n").map(printable).join("\n");
    return WORDING[levelName]?.(safe) ?? safe;
  },
});

/** Writes an object as a line of JSON, at any log level. */
export function logJson(value: unknown): void {
  const text = printableJson(value);
  if (consoleExport) console.error(text);
  if (consoleExport !== "capture") stderr.log(text);
}

/** The logger of the command. */
export const log: Logger = new Logger("netplumb", "INFO", {
  handlers: [stderr],
});

/** Sets the log level. */
export function setLogLevel(
  { quiet, logLevel = quiet ? "error" : "info" }: {
    quiet?: boolean;
    logLevel?: LogLevel;
  },
): void {
  log.level = getLevelByName(logLevel.toUpperCase() as LevelName);
}
