// What cli/log.ts relies on in @std/log, local or real.

import { BaseHandler } from "@std/log/base-handler";
import { getLevelByName } from "@std/log/levels";
import { Logger } from "@std/log/logger";
import { assertEquals } from "@std/assert";

class Memory extends BaseHandler {
  readonly lines: string[] = [];
  log(message: string): void {
    this.lines.push(message);
  }
}

Deno.test("log: the logger's level decides, the handler's formatter words it", () => {
  const memory = new Memory("DEBUG", {
    formatter: ({ levelName, msg, loggerName }) =>
      `${loggerName} ${levelName} ${msg}`,
  });
  const logger = new Logger("net", "INFO", { handlers: [memory] });
  logger.debug("hidden");
  logger.info("shown");
  logger.level = getLevelByName("ERROR");
  logger.warn("hidden");
  logger.error("shown too");
  assertEquals(memory.lines, ["net INFO shown", "net ERROR shown too"]);
});

Deno.test("log: a function is called only when its message is wanted", () => {
  const memory = new Memory("DEBUG");
  const logger = new Logger("net", "INFO", { handlers: [memory] });
  let calls = 0;
  logger.debug(() => `${++calls}`);
  assertEquals(calls, 0);
  logger.info(() => `${++calls}`);
  assertEquals(memory.lines, ["INFO 1"]);
});
