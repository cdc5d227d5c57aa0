import {
  getLevelByName,
  getLevelName,
  type LevelName,
  type LogLevel,
} from "./levels.ts";
import type { LogRecord } from "./logger.ts";
import { styleText } from "node:util";

export type FormatterFunction = (logRecord: LogRecord) => string;

export interface BaseHandlerOptions {
  formatter?: FormatterFunction;
}

export abstract class BaseHandler {
  level: LogLevel;
  formatter: FormatterFunction;

  constructor(levelName: LevelName, options: BaseHandlerOptions = {}) {
    this.level = getLevelByName(levelName);
    this.formatter = options.formatter ??
      ((record) => `${record.levelName} ${record.msg}`);
  }

  get levelName(): LevelName {
    return getLevelName(this.level);
  }

  set levelName(levelName: LevelName) {
    this.level = getLevelByName(levelName);
  }

  handle(logRecord: LogRecord): void {
    if (this.level > logRecord.level) return;
    this.log(this.format(logRecord));
  }

  format(logRecord: LogRecord): string {
    return this.formatter(logRecord);
  }

  abstract log(msg: string): void;

  setup(): void {}

  destroy(): void {}

  [Symbol.dispose](): void {
    this.destroy();
  }
}

export interface ConsoleHandlerOptions extends BaseHandlerOptions {
  useColors?: boolean;
}

const styles: Record<string, Parameters<typeof styleText>[0]> = {
  INFO: "blue",
  WARN: "yellow",
  ERROR: "red",
  CRITICAL: ["bold", "red"],
};

/** Prints to stdout, as upstream's does. */
export class ConsoleHandler extends BaseHandler {
  #useColors: boolean;

  constructor(levelName: LevelName, options: ConsoleHandlerOptions = {}) {
    super(levelName, options);
    this.#useColors = options.useColors ?? true;
  }

  override format(logRecord: LogRecord): string {
    const message = super.format(logRecord);
    const style = styles[logRecord.levelName];
    if (!this.#useColors || Deno.noColor || !style) return message;
    return styleText(style, message, { validateStream: false });
  }

  log(msg: string): void {
    console.log(msg);
  }
}
