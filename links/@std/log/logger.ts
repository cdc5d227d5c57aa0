import type { BaseHandler } from "./base_handler.ts";
import {
  getLevelByName,
  getLevelName,
  type LevelName,
  type LogLevel,
  LogLevels,
} from "./levels.ts";

// deno-lint-ignore no-explicit-any
export type GenericFunction = (...args: any[]) => any;

export interface LogRecordOptions {
  msg: string;
  args: unknown[];
  level: LogLevel;
  loggerName: string;
}

export class LogRecord {
  readonly msg: string;
  readonly args: unknown[];
  readonly level: LogLevel;
  readonly levelName: string;
  readonly loggerName: string;
  readonly datetime: Date = new Date();

  constructor(options: LogRecordOptions) {
    this.msg = options.msg;
    this.args = options.args;
    this.level = options.level;
    this.levelName = getLevelName(options.level);
    this.loggerName = options.loggerName;
  }
}

export interface LoggerOptions {
  handlers?: BaseHandler[];
}

function asString(data: unknown, quoted = false): string {
  if (typeof data === "string") return quoted ? `"${data}"` : data;
  if (data instanceof Error) return data.stack ?? String(data);
  if (typeof data === "function") return "undefined";
  if (typeof data !== "object" || data === null) return String(data);
  const parts = Object.entries(data).map(([key, value]) =>
    `"${key}":${asString(value, true)}`
  );
  return `{${parts.join(",")}}`;
}

type Message<T> = (T extends GenericFunction ? never : T) | (() => T);

interface LogMethod {
  /** The function is called only when the level is wanted. */
  <T>(msg: () => T, ...args: unknown[]): T | undefined;
  <T>(msg: T extends GenericFunction ? never : T, ...args: unknown[]): T;
}

export class Logger {
  level: LogLevel;
  handlers: BaseHandler[];
  readonly loggerName: string;

  constructor(
    loggerName: string,
    levelName: LevelName,
    options: LoggerOptions = {},
  ) {
    this.loggerName = loggerName;
    this.level = getLevelByName(levelName);
    this.handlers = options.handlers ?? [];
  }

  get levelName(): LevelName {
    return getLevelName(this.level);
  }

  set levelName(levelName: LevelName) {
    this.level = getLevelByName(levelName);
  }

  #method(level: LogLevel): LogMethod {
    const method = <T>(msg: Message<T>, ...args: unknown[]) => {
      const isFunction = msg instanceof Function;
      if (this.level > level) return isFunction ? undefined : msg;
      const value = isFunction ? msg() : msg;
      const record = new LogRecord({
        msg: asString(value),
        args,
        level,
        loggerName: this.loggerName,
      });
      for (const handler of this.handlers) handler.handle(record);
      return value;
    };
    return method as LogMethod;
  }

  readonly debug: LogMethod = this.#method(LogLevels.DEBUG);
  readonly info: LogMethod = this.#method(LogLevels.INFO);
  readonly warn: LogMethod = this.#method(LogLevels.WARN);
  readonly error: LogMethod = this.#method(LogLevels.ERROR);
  readonly critical: LogMethod = this.#method(LogLevels.CRITICAL);
}
