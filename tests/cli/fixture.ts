// A small command on the real harness, for harness_test.ts: each subcommand
// ends in one of the ways a run can end.

import { count, port } from "../../cli/arguments.ts";
import { subcommand } from "../../cli/command.ts";
import { log } from "../../cli/log.ts";
import { netplumb } from "../../cli/main.ts";
import { perform } from "../../cli/perform.ts";
import { run } from "../../cli/run.ts";
import { EPERM, SystemError } from "../../ffi/errno.ts";

class Interrupted extends Error {
  readonly exitCode = 3;
}

const says = subcommand("Say lines.")
  .type("count", count)
  .option("--count <lines:count>", "How many.", { default: 1 })
  .arguments("[text:string]")
  .action((options, text = "line") =>
    perform(options, async ({ output, signal }) => {
      for (let n = 1; n <= options.count && !signal.aborted; n++) {
        output.event({ n, text }, (event) => `${event.text} ${event.n}`);
        await output.ready();
      }
      log.info("said");
    })
  );

const waits = subcommand("Say lines until stopped.")
  .option("--deaf", "Take no notice of being stopped.")
  .action((options) =>
    perform(options, ({ output, signal }) => {
      output.line("waiting");
      return new Promise<void>((_resolve, reject) => {
        const timer = setInterval(() => output.line("waiting"), 10);
        signal.addEventListener("abort", () => {
          log.info("summary");
          if (options.deaf) return output.line("still here");
          clearInterval(timer);
          reject(signal.reason);
        });
      });
    })
  );

const fails = subcommand("Fail.")
  .arguments("<how:string>")
  .action((options, how) =>
    perform(options, ({ output }) => {
      output.line("before");
      if (how === "permission") {
        throw new SystemError("bind", EPERM, { capability: "CAP_NET_RAW" });
      }
      if (how === "inconsistent") throw new Interrupted("dump interrupted");
      throw new Error(how);
    })
  );

const binds = subcommand("Take a port.")
  .type("port", port)
  .option("--port <port:port>", "The port.")
  .action((options) =>
    perform(options, ({ output }) => output.object(options.port ?? null))
  );

await run(
  (await netplumb(Deno.args))
    .command("says", says).reset()
    .command("waits", waits).reset()
    .command("fails", fails).reset()
    .command("binds", binds).reset(),
  Deno.args,
);
