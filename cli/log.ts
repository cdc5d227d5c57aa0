// What is said beside the data: on stderr, as much as was asked for.

import { BaseHandler, type LogRecord } from "@std/log/base-handler";
import { getLevelByName, type LevelName, LogLevels } from "@std/log/levels";
import { Logger } from "@std/log/logger";
import { printable } from "./output/printable.ts";
import { style, wantsColor } from "./output/style.ts";
import { consoleExport } from "./output/telemetry.ts";

/** The words --log-level takes. */
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = typeof LOG_LEVELS[number];

const { bold, dim, red, yellow } = style(wantsColor(Deno.stderr));
const WORDING: Record<string, (message: string) => string> = {
  DEBUG: (message) => dim(`debug: ${message}`),
  WARN: (message) => `${yellow("warning:")} ${message}`,
  ERROR: (message) => `${bold(red("netplumb:"))} ${message}`,
};

// Upstream's own handler prints to stdout, where the data goes.
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
      // No reader, or no space: no reason to stop working.
    }
  }
}

/** The one logger of the command. */
export const log: Logger = new Logger("netplumb", "INFO", {
  handlers: [
    new StderrHandler("DEBUG", {
      formatter({ levelName, msg }) {
        // Names in an error are others', and so may its lines be.
        const safe = msg.split("\n").map(printable).join("\n");
        return WORDING[levelName]?.(safe) ?? safe;
      },
    }),
  ],
});

/** Decides what reaches stderr from now on. */
export function setLogLevel(
  { quiet, logLevel = quiet ? "error" : "info" }: {
    quiet?: boolean;
    logLevel?: LogLevel;
  },
): void {
  log.level = getLevelByName(logLevel.toUpperCase() as LevelName);
}
