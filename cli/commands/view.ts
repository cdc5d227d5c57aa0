// netplumb view: a web page of the network, updated live.

import { ArgumentError } from "../../lib/errors.ts";
import { Monitor } from "../../lib/rtnetlink/monitor/monitor.ts";
import { duration, file, word } from "../arguments.ts";
import { subcommand } from "../command.ts";
import { importOnUse } from "../import_on_use.ts";
import { log } from "../log.ts";
import { namespace } from "../namespace.ts";
import type { Output } from "../output/output.ts";
import { printable } from "../output/printable.ts";
import { perform } from "../perform.ts";
import { type Listen, listenAddress } from "../view/listen.ts";
import { readToken, socketMode, token } from "../view/options.ts";

/** The port; PLUM on a telephone. */
const LISTEN: Listen = {
  transport: "tcp",
  hostname: "127.0.0.1",
  port: 7586,
  isLoopback: true,
};
const INTERVAL = 1000;
const MODE = 0o600;

export const view = subcommand(
  "Shows the topology, a table of links with rates, and a timeline of events. " +
    "Programs read /state (JSON) and /events (server-sent events). The server is " +
    "read-only and listens on loopback; another address requires --token.",
)
  .type("listen", listenAddress)
  .type("mode", socketMode)
  .type("token", token)
  .type("word", word)
  .type("file", file)
  .type("netns", namespace)
  .type("duration", duration)
  .group("Server")
  .option(
    "--listen <where:listen>",
    "Listen on ADDRESS:PORT or unix:PATH; port 0 lets the kernel choose.",
    { defaultText: "127.0.0.1:7586" },
  )
  .option(
    "--token <token:token>",
    "Require this token of 16 characters or more; @FILE reads it from a file.",
  )
  .option("--host <name:word>", "Accept this host name; can be repeated.", {
    collect: true,
  })
  .option("--mode <octal:mode>", "Mode of the Unix socket.", {
    defaultText: "0600",
  })
  .option("--open", "Open the page in a browser.")
  .group("Source")
  .option(
    "--netns <name:netns>",
    "Show this network namespace; can be repeated.",
    { collect: true },
  )
  .option(
    "--all-netns",
    "Show the current and all named network namespaces, also those added later.",
    { conflicts: ["netns"] },
  )
  .option(
    "--ensure <file:file>",
    "Apply and reconcile this configuration, as `netplumb ensure` does, and show " +
      "what it wants, corrects and cannot apply.",
  )
  .option("--interval <time:duration>", "Interval of the link rates.", {
    defaultText: "1s",
  })
  .group("End")
  .option(
    "--duration <time:duration>",
    "Stop after this time, such as 500ms, 10s or 2m.",
  )
  .example(
    "Serve all namespaces and open the page",
    "netplumb view --all-netns --open",
  )
  .example(
    "Keep the configuration of a lab and show it",
    "netplumb view --all-netns --ensure lab.yaml",
  )
  .example(
    "Serve on a Unix socket, for a reverse proxy",
    "netplumb view --listen unix:/run/netplumb.sock --mode 0660",
  )
  .example(
    "Serve other hosts",
    "netplumb view --listen 192.0.2.1:7586 --token @/etc/netplumb.token",
  )
  .action((options) =>
    perform(options, async ({ output, signal: stop }) => {
      const signal = options.duration === undefined
        ? stop
        : AbortSignal.any([stop, AbortSignal.timeout(options.duration)]);
      const { listen = LISTEN, mode = MODE } = options;
      const token = options.token && await readToken(options.token);
      if (listen.transport === "tcp" && !listen.isLoopback && !token) {
        throw new ArgumentError(
          "listen",
          listen.hostname,
          "a loopback address, and another one requires --token",
        );
      }
      const [{ Feed }, { serveView }] = await Promise.all([
        import("../view/feed.ts"),
        importOnUse<typeof import("../view/server.ts")>(
          new URL("../view/server.ts", import.meta.url),
        ),
      ]);
      await using ensure = options.ensure === undefined
        ? undefined
        : await startEnsure(options.ensure, output, stop);
      const namespaces = options.allNetns ? "all" as const : options.netns;
      await using monitor = await Monitor.open({ namespaces }, {
        signal: stop,
      });
      const feed = new Feed(monitor, {
        namespaces,
        interval: options.interval ?? INTERVAL,
        ...ensure === undefined ? {} : { ensure },
      }, signal);
      await using server = await serveView({
        listen,
        mode,
        token,
        hosts: options.host ?? [],
        feed,
        namespaces: () => monitor.namespaces,
        signal,
      });
      const { url } = server;
      const where = url === undefined
        ? { path: listen.transport === "unix" ? listen.path : "" }
        : { url };
      output.event(
        { event: "listening", ...where },
        () => `listening on ${printable(where.url ?? where.path ?? "")}`,
      );
      if (options.open && url !== undefined) openBrowser(url, token);
      await Promise.race([feed.run(), server.finished]);
    })
  );

async function startEnsure(file: string, output: Output, signal: AbortSignal) {
  const [{ readReported }, { ViewedEnsure }] = await Promise.all([
    importOnUse<typeof import("../ensure/read.ts")>(
      new URL("../ensure/read.ts", import.meta.url),
    ),
    importOnUse<typeof import("../view/ensure.ts")>(
      new URL("../view/ensure.ts", import.meta.url),
    ),
  ]);
  const desired = await readReported(file, output);
  return ViewedEnsure.start(desired, file, signal);
}

function openBrowser(url: string, token: string | undefined): void {
  const query = token === undefined
    ? ""
    : `?token=${encodeURIComponent(token)}`;
  try {
    new Deno.Command("xdg-open", {
      args: [url + query],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn().unref();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    log.warn(`--open: xdg-open is not installed; open ${url}`);
  }
}
