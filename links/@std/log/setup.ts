import { type BaseHandler, ConsoleHandler } from "./handlers.ts";
import type { LevelName } from "./levels.ts";
import { Logger } from "./logger.ts";

export interface LoggerConfig {
  level?: LevelName;
  handlers?: string[];
}

export interface LogConfig {
  handlers?: { [name: string]: BaseHandler };
  loggers?: { [name: string]: LoggerConfig };
}

const defaults: Required<LogConfig> = {
  handlers: { default: new ConsoleHandler("INFO") },
  loggers: { default: { level: "INFO", handlers: ["default"] } },
};

let handlers: { [name: string]: BaseHandler } = {};
const loggers = new Map<string, Logger>();

export function setup(config: LogConfig): void {
  for (const handler of Object.values(handlers)) handler.destroy();
  handlers = { ...defaults.handlers, ...config.handlers };
  for (const handler of Object.values(handlers)) handler.setup();

  loggers.clear();
  const wanted = { ...defaults.loggers, ...config.loggers };
  for (
    const [name, { level = "INFO", handlers: names }] of Object.entries(wanted)
  ) {
    loggers.set(
      name,
      new Logger(name, level, {
        handlers: (names ?? []).filter((name) => name in handlers)
          .map((name) => handlers[name]),
      }),
    );
  }
}

export function getLogger(name = "default"): Logger {
  let logger = loggers.get(name);
  if (!logger) {
    logger = new Logger(name, "NOTSET");
    loggers.set(name, logger);
  }
  return logger;
}

setup(defaults);
