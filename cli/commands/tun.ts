// netplumb tun: makes or attaches to a TUN or TAP device and shows what comes.

import { RouteSocket } from "../../lib/rtnetlink/socket.ts";
import type { Tun } from "../../lib/tun/device.ts";
import { ArgumentError } from "../../lib/errors.ts";
import {
  byteCount,
  cidr,
  count,
  duration,
  file,
  interfacePattern,
  network,
  wholeNumber,
} from "../arguments.ts";
import { subcommand } from "../command.ts";
import { log } from "../log.ts";
import type { Output } from "../output/output.ts";
import { printable } from "../output/printable.ts";
import { stdoutBytes } from "../output/stdout_bytes.ts";
import { perform } from "../perform.ts";
import { exportTotals } from "../output/telemetry.ts";
import { accountNumber } from "../tun/account.ts";
import { checkMtu, checkPeer, configure } from "../tun/configure.ts";
import { Capture, type CaptureTarget } from "../tun/capture.ts";
import { openDevice } from "../tun/open.ts";
import { Printer } from "../tun/printer.ts";
import { Responder } from "../tun/responder.ts";
import type { Sink } from "../tun/sink.ts";
import { watch } from "../tun/watch.ts";

export const tun = subcommand(
  "Makes the device, or attaches to the one of that name, brings it up and " +
    "shows each packet that the machine sends into it. A device it made is " +
    "gone when it ends.",
)
  .type("pattern", interfacePattern)
  .type("mtu", wholeNumber(68, 65_535))
  .type("queues", wholeNumber(1, 256))
  .type("count", count)
  .type("duration", duration)
  .type("file", file)
  .type("size", byteCount)
  .type("files", wholeNumber(1, 99_999))
  .type("cidr", cidr)
  .type("network", network)
  .arguments("[name:pattern]", [
    "The device; %d lets the kernel choose a number. Default: tun%d or tap%d.",
  ])
  .group("The device")
  .option("--tap", "Carry Ethernet frames instead of IP packets.")
  .option("--mtu <bytes:mtu>", "The longest packet.", {
    defaultText: "as it is, 1500 for a new one",
  })
  .option("--address <cidr:cidr>", "An address for it; may be repeated.", {
    collect: true,
  })
  .option("--peer <cidr:cidr>", "The address at the other end of the link.")
  .option("--route <cidr:network>", "Route into it; may be repeated.", {
    collect: true,
  })
  .option("--queues <n:queues>", "Queues to spread flows over.", {
    default: 1,
  })
  .option("--offload", "Let the kernel leave checksums and splitting to this.")
  .option("--persist", "Let the device stay when this ends.")
  .option("--owner <user:string>", "Who may open it without CAP_NET_ADMIN.")
  .option("--group <group:string>", "Which group may.")
  .group("Packets")
  .option("--answer-ping", "Answer pings of any address routed to it.")
  .option("--hex", "Print the bytes of each packet, too.")
  .option("--write <path:file>", "Write a pcapng file; - is stdout.")
  .option("--pcapng <path:file>", "The same as --write.")
  .option(
    "--rotate <size:size>",
    "Continue in another file after so many bytes: 500kB, 10MB, 1GB. " +
      "The files are numbered: tun_00001.pcapng.",
  )
  .option("--keep <n:files>", "Keep so many of these files.", {
    defaultText: "all",
  })
  .option(
    "--stop-on-write-error",
    "Stop when the file cannot be written, a full disk for example.",
  )
  .group("Until when")
  .option("--count <n:count>", "Stop after this many packets came from it.", {
    defaultText: "no end",
  })
  .option("--duration <t:duration>", "Stop after this long: 500ms, 10s, 2m.", {
    defaultText: "no end",
  })
  .example(
    "See traffic within a minute",
    "netplumb tun tun0 --address 192.0.2.1/24 --answer-ping & ping 192.0.2.7",
  )
  .example(
    "Hand a device to a user",
    "netplumb tun vpn0 --persist --owner alice --duration 1ms",
  )
  .example(
    "Look with Wireshark",
    "netplumb tun tun0 --pcapng - | wireshark -k -i -",
  )
  .example(
    "Keep the last 50 MB",
    "netplumb tun tun0 --write tun.pcapng --rotate 10MB --keep 5",
  )
  .action((options, name) =>
    perform(options, async ({ output, signal }) => {
      const mode = options.tap ? "tap" : "tun";
      checkPeer(options);
      checkMtu(options);
      const owner = accountNumber("owner", options.owner);
      const group = accountNumber("group", options.group);
      const ended = new AbortController();
      const target = captureTarget(options, () => ended.abort());
      // First, so that a file that cannot be written leaves no device behind.
      await using capture = target && await Capture.open(target);
      const toStdout = target?.sink !== undefined;
      await using device = openDevice({
        name,
        mode,
        queues: options.queues,
        offload: options.offload,
        owner,
        group,
      });
      await configure(device, options);
      // Last: where a part of the configuration fails, the device is deleted.
      if (options.persist) device.setPersist(true);
      const droppedBefore = await dropsOf(device) ?? 0;
      if (!toStdout) announce(output, device);
      const linkType = mode === "tap" ? "ethernet" : "ip";
      capture?.begin(device.name, linkType);
      const sinks: Sink[] = capture === undefined ? [] : [capture];
      if (!toStdout && (options.json || !options.quiet)) {
        sinks.push(new Printer(output, linkType, options.hex ?? false));
      }
      const responder = options.answerPing ? new Responder(device) : undefined;
      const ends = [signal, ended.signal];
      if (options.duration !== undefined) {
        ends.push(AbortSignal.timeout(options.duration));
      }
      let known = 0;
      const countDropped = async () => {
        const drops = await dropsOf(device);
        if (drops === undefined) return undefined;
        return known = Math.max(known, drops - droppedBefore);
      };
      using _metrics = await exportTotals("netplumb.tun", () => {
        const counters = device.counters;
        // For the next export: nothing waits for the kernel's reply here.
        void countDropped();
        return {
          "packets.read": counters.packetsRead,
          "bytes.read": counters.bytesRead,
          "packets.written": counters.packetsWritten,
          "bytes.written": counters.bytesWritten,
          "packets.rejected": counters.packetsRejected,
          "packets.dropped": known,
        };
      });
      const started = performance.now();
      try {
        await watch(device, {
          sinks,
          responder,
          count: options.count ?? Infinity,
          signal: AbortSignal.any(ends),
          onWriteError(error) {
            if (options.stopOnWriteError) throw error;
            log.warn(`${error.message}. Packets are read on without it`);
          },
        });
      } finally {
        const dropped = await countDropped();
        // An error stays in `failure`, and ends the command below.
        await capture?.finish(dropped).catch(() => {});
        report(
          toStdout ? undefined : output,
          device,
          responder,
          dropped,
          started,
        );
      }
      if (capture?.failure !== undefined) throw capture.failure;
    })
  );

/** Where the options say that the capture goes. */
function captureTarget(
  options: {
    readonly write?: string;
    readonly pcapng?: string;
    readonly rotate?: number;
    readonly keep?: number;
  },
  onClosed: () => void,
): CaptureTarget | undefined {
  const { write, pcapng, rotate, keep } = options;
  if (write !== undefined && pcapng !== undefined) {
    throw new ArgumentError("--pcapng", pcapng, "possible beside --write");
  }
  const path = write ?? pcapng;
  if (rotate !== undefined && (path === undefined || path === "-")) {
    throw new ArgumentError("--rotate", rotate, "possible without a file");
  }
  if (keep !== undefined && rotate === undefined) {
    throw new ArgumentError("--keep", keep, "possible without --rotate");
  }
  return path === undefined
    ? undefined
    : path === "-"
    ? { sink: stdoutBytes(onClosed) }
    : { path, rotate, keep };
}

function announce(output: Output, device: Tun): void {
  const { name, index, mtu } = device.state();
  output.event(
    { event: "device", name, ifindex: index, mtu, mode: device.mode },
    () =>
      `${
        printable(name)
      }: ${device.mode.toUpperCase()} device, index ${index}, MTU ${mtu}`,
  );
}

/** Packets that the kernel ever dropped because they were not read in time. */
async function dropsOf(device: Tun): Promise<number | undefined> {
  try {
    // By index, in the device's namespace: it may have been renamed or moved.
    await using route = device.inNamespace(() => RouteSocket.open());
    const { index } = device.state();
    const { statistics } = await route.link(index, { statistics: true });
    return statistics?.tx_dropped;
  } catch {
    // Deleted.
    return undefined;
  }
}

/** What it all came to: on stdout as JSON, otherwise on stderr. */
function report(
  output: Output | undefined,
  device: Tun,
  responder: Responder | undefined,
  dropped: number | undefined,
  started: number,
): void {
  const seconds = (performance.now() - started) / 1000;
  const { packetsRead, bytesRead, packetsRejected } = device.counters;
  const answered = responder?.answered;
  if (output?.json) {
    output.object({
      event: "summary",
      seconds: Number(seconds.toFixed(3)),
      packets: packetsRead,
      bytes: bytesRead,
      answered,
      rejected: packetsRejected,
      dropped,
    });
    return;
  }
  const parts = [
    `${packetsRead} packets (${bytesRead} bytes) from ${
      printable(device.name)
    }`,
    ...(answered === undefined ? [] : [`${answered} answered`]),
    ...(packetsRejected > 0
      ? [`${packetsRejected} refused by the kernel`]
      : []),
    dropped === undefined
      ? "an unknown number dropped by the kernel"
      : `${dropped} dropped by the kernel`,
  ];
  log.info(`${parts.join(", ")} in ${seconds.toFixed(1)} s`);
}
