// netplumb echo: a UDP echo server that replies from the destination address.

import { EnumType } from "@cliffy/command";
import { bufferSize, type Family } from "../../lib/socket/option.ts";
import { formatEndpoint } from "../../lib/socket/sockaddr.ts";
import { activationDescriptors } from "../../lib/udp/open.ts";
import { UdpSocket } from "../../lib/udp/socket.ts";
import {
  address,
  count,
  duration,
  interfaceName,
  multicastGroup,
  port,
  wholeNumber,
} from "../arguments.ts";
import { subcommand } from "../command.ts";
import type { Detail, EchoEvent } from "../echo/messages.ts";
import { ANSWERING_PORTS } from "../echo/rules.ts";
import { EchoServer, type Totals } from "../echo/server.ts";
import { log } from "../log.ts";
import { echoMetrics } from "../metrics/commands.ts";
import { exportMetrics } from "../metrics/otlp.ts";
import type { Output } from "../output/output.ts";
import { reportTotals } from "../output/summary.ts";
import { printable } from "../output/printable.ts";
import { perform } from "../perform.ts";

/** Receive buffer in bytes, for bursts. */
const RECEIVE_BUFFER = 4 << 20;

const FAMILIES = { dual: "dual", "4": "ipv4", "6": "ipv6" } as const;

export const echo = subcommand(
  "The source of each reply is the destination of the request. Datagrams from " +
    "well-known reply ports (echo, DNS, NTP ...) and from the server's own port " +
    "are not answered. A peer that sends continuously is probed with random bytes; " +
    "if it returns them it is an echo server, and is ignored for ten minutes.",
)
  .type("address", address)
  .type("port", port)
  .type("interface", interfaceName)
  .type("group", multicastGroup)
  .type("family", new EnumType(Object.keys(FAMILIES)))
  .type("batch", wholeNumber(1, 1024))
  .type("workers", wholeNumber(1, 256))
  .type("spin", wholeNumber(0, 1_000_000))
  .type("count", count)
  .type("duration", duration)
  .group("Socket")
  .option("--bind <address:address>", "Local address (default: all).")
  .option("--port <port:port>", "Port; 0 lets the kernel choose.", {
    default: 8888,
  })
  .option("--family <family:family>", "IP version (default: that of --bind).")
  .option(
    "--interface <if:interface>",
    "Receive and reply through this interface only.",
  )
  .option(
    "--join <group:group>",
    "Join this multicast group, GROUP or GROUP%INTERFACE; can be repeated.",
    { collect: true },
  )
  .option(
    "--free-bind",
    "Bind to an address that the host does not have yet (IP_FREEBIND).",
  )
  .option(
    "--activated",
    "Use the sockets that a service manager passes (LISTEN_FDS), one thread each.",
    { conflicts: ["bind", "family", "interface", "free-bind"] },
  )
  .group("Replies")
  .option(
    "--reply <text:string>",
    "Reply with the request (echo) or with this text.",
    {
      default: "echo",
    },
  )
  .option(
    "--pin-interface",
    "Reply through the interface that received the request, ignoring routes.",
  )
  .option(
    "--any-port",
    "Reply also to ports of services that reply to everything: " +
      `${[...ANSWERING_PORTS].join(", ")}.`,
  )
  .group("Performance")
  .option("--batch <n:batch>", "Maximum datagrams per system call.", {
    default: 64,
  })
  .option(
    "--gro",
    "Receive with UDP GRO and reply with GSO.",
  )
  .option(
    "--workers <n:workers>",
    "Threads, each with a SO_REUSEPORT socket.",
    {
      default: 1,
    },
  )
  .option(
    "--spin <us:spin>",
    "Busy-poll for this many microseconds before blocking (default: adaptive).",
  )
  .group("End")
  .option("--count <n:count>", "Stop after this many datagrams.")
  .option(
    "--duration <time:duration>",
    "Stop after this time, such as 500ms, 10s or 2m.",
  )
  .option("--stats <time:duration>", "Print totals at this interval.")
  .example(
    "Listen on all addresses",
    "netplumb echo --port 8888",
  )
  .example(
    "Print the source of each reply",
    "netplumb echo --port 8888 --json | jq .reply.source",
  )
  .action((options) =>
    perform(options, async ({ output, signal }) => {
      const family: Family | undefined = options.family === undefined
        ? undefined
        : FAMILIES[options.family as keyof typeof FAMILIES];
      await using sockets = new AsyncDisposableStack();
      const { gro } = options;
      const bound = options.activated
        ? adoptAll({ gro, receiveBuffer: RECEIVE_BUFFER }, sockets)
        : bindAll(options.workers, {
          address: options.bind,
          port: options.port,
          family,
          gro,
          reusePort: options.workers > 1,
          receiveBuffer: RECEIVE_BUFFER,
          interface: options.interface,
          freeBind: options.freeBind,
        }, sockets);
      const [first] = bound;
      const { address: where } = first;
      const groups = options.join ?? [];
      const joined = groups.map(({ group, on }) =>
        on === undefined ? group : `${group}%${on}`
      );
      // One socket: the kernel gives multicast to every member.
      for (const { group, on } of groups) {
        bound[0].join(group, on ?? options.interface);
      }
      output.event(
        {
          event: "listening",
          address: where.address,
          port: where.port,
          ...(joined.length === 0 ? {} : { groups: joined }),
        },
        () => `listening on ${[formatEndpoint(where), ...joined].join(", ")}`,
      );
      const chosen = options.bind !== undefined || family !== undefined ||
        options.activated;
      if (!chosen && first.family === "ipv4") {
        log.warn("this kernel has no IPv6: listening on IPv4 addresses only");
      }
      // The kernel doubles the requested size.
      const buffer = bufferSize(first.handle.fd, "receive") / 2;
      if (buffer < RECEIVE_BUFFER) {
        log.info(
          `the receive buffer has ${buffer >> 10} KiB of ${
            RECEIVE_BUFFER >> 10
          }: grant CAP_NET_ADMIN or raise net.core.rmem_max`,
        );
      }
      await using ending = new AsyncDisposableStack();
      const once = new Set<string>();
      const server = ending.use(
        new EchoServer(bound, {
          reply: options.reply === "echo" ? undefined : options.reply,
          pinInterface: options.pinInterface ?? false,
          anyPort: options.anyPort ?? false,
          batch: options.batch,
          count: options.count ?? Infinity,
          spin: options.spin,
          detail: detail(options),
        }, (events) => {
          for (const event of events) {
            warn(event, once);
            if (options.json || !options.quiet) output.event(event, describe);
          }
        }),
      );
      using _metrics = await exportMetrics(() => echoMetrics(server.totals));
      const started = performance.now();
      await running(server, signal, options.duration, options.stats, () => {
        report(output, "stats", server.totals, started);
      });
      await ending.disposeAsync();
      report(output, "summary", server.totals, started);
    })
  );

function detail(options: { json?: true; quiet?: true }): Detail {
  return options.json ? "all" : options.quiet ? "none" : "sample";
}

function adoptAll(
  options: Parameters<typeof UdpSocket.fromDescriptor>[1],
  owner: AsyncDisposableStack,
): UdpSocket[] {
  const sockets = activationDescriptors().map(({ fd }) =>
    owner.use(UdpSocket.fromDescriptor(fd, options))
  );
  if (sockets.length === 0) {
    throw new Error(
      "no socket was passed to this process (LISTEN_PID, LISTEN_FDS): start it " +
        "from a systemd socket unit, or without --activated",
    );
  }
  return sockets;
}

function bindAll(
  workers: number,
  options: Parameters<typeof UdpSocket.bind>[0] & object,
  owner: AsyncDisposableStack,
): UdpSocket[] {
  const first = owner.use(UdpSocket.bind(options));
  const sockets = [first];
  while (sockets.length < workers) {
    const { port } = first.address;
    sockets.push(owner.use(UdpSocket.bind({ ...options, port })));
  }
  return sockets;
}

/** Resolves when a thread ends, after the duration, or on a signal. */
async function running(
  server: EchoServer,
  signal: AbortSignal,
  duration: number | undefined,
  interval: number | undefined,
  onInterval: () => void,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = () => resolve();
  signal.addEventListener("abort", stop);
  const timer = duration === undefined ? undefined : setTimeout(stop, duration);
  const ticker = interval === undefined
    ? undefined
    : setInterval(onInterval, interval);
  try {
    if (!signal.aborted) await Promise.race([promise, server.ended]);
  } finally {
    signal.removeEventListener("abort", stop);
    clearTimeout(timer);
    clearInterval(ticker);
  }
}

function warn(event: EchoEvent, once: Set<string>): void {
  const { peer, refused, error } = event;
  if (refused !== undefined && !once.has(refused)) {
    once.add(refused);
    log.warn(
      `not replying to ${peer.address} port ${peer.port}: ${REFUSALS[refused]}`,
    );
  }
  if (error !== undefined && !once.has(error.code)) {
    once.add(error.code);
    log.warn(error.message);
  }
}

const REFUSALS = {
  "answering-port": "services on that port reply to everything",
  "own-port": "it uses the port of this server and may be an echo server",
  "no-port": "a reply cannot be sent to port 0",
  "echoing-peer": "it returned a probe and is an echo server",
};

function describe(event: EchoEvent): string {
  const { peer, local, reply, bytes, segments, refused, error } = event;
  const destination = local === undefined
    ? "?"
    : local.ifname === undefined
    ? local.address
    : `${local.address} (${printable(local.ifname)})`;
  const size = segments === undefined
    ? `${bytes} bytes`
    : `${bytes} bytes in ${segments} datagrams`;
  const outcome = error !== undefined
    ? `no reply: ${error.code}`
    : refused !== undefined
    ? `no reply: ${refused}`
    : `reply from ${reply?.source ?? "the address selected by routing"}`;
  return `${
    formatEndpoint({ ...peer, port: peer.port ?? 0 })
  } -> ${destination}  ${size}, ${outcome}`;
}

function report(
  output: Output,
  event: "stats" | "summary",
  totals: Totals,
  started: number,
): void {
  const { datagrams, bytes, replies, refused, failed, dropped } = totals;
  const { servicePort } = totals;
  const fromServices = servicePort === 0
    ? ""
    : `, ${servicePort} of them from ports of services that reply to ` +
      `everything (--any-port replies)`;
  reportTotals(output, event, started, totals, [
    `${datagrams} datagrams (${bytes} bytes)`,
    `${replies} replies`,
    ...(refused > 0 ? [`${refused} ignored${fromServices}`] : []),
    ...(failed > 0 ? [`${failed} replies failed`] : []),
    ...(dropped > 0 ? [`${dropped} dropped by the kernel`] : []),
  ]);
}
