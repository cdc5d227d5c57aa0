// netplumb tun: creates or attaches to a TUN or TAP device and prints packets.

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
import { tunMetrics } from "../metrics/commands.ts";
import { exportMetrics } from "../metrics/otlp.ts";
import type { Output } from "../output/output.ts";
import { reportTotals } from "../output/summary.ts";
import { printable } from "../output/printable.ts";
import { stdoutBytes } from "../tun/stdout_bytes.ts";
import { perform } from "../perform.ts";
import { accountNumber } from "../tun/account.ts";
import { checkMtu, checkPeer, configure } from "../tun/configure.ts";
import { Capture, type CaptureTarget } from "../tun/capture.ts";
import { openDevice } from "../tun/open.ts";
import { Printer } from "../tun/printer.ts";
import { Responder } from "../tun/responder.ts";
import type { Sink } from "../tun/sink.ts";
import { watch } from "../tun/watch.ts";

export const tun = subcommand(
  "Creates the device, or attaches to an existing one, sets it up and prints each " +
    "packet that the kernel sends to it. A device that it created is deleted when " +
    "it ends.",
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
    "Device name; %d is replaced by a free number (default: tun%d or tap%d).",
  ])
  .group("Device")
  .option("--tap", "Carry Ethernet frames instead of IP packets.")
  .option("--mtu <bytes:mtu>", "MTU; a new device has 1500.")
  .option("--address <cidr:cidr>", "Address of the device; can be repeated.", {
    collect: true,
  })
  .option("--peer <cidr:cidr>", "Point-to-point peer address.")
  .option(
    "--route <cidr:network>",
    "Route through the device; can be repeated.",
    {
      collect: true,
    },
  )
  .option("--queues <n:queues>", "Number of queues.", {
    default: 1,
  })
  .option("--offload", "Enable checksum and segmentation offload.")
  .option("--persist", "Keep the device when the command ends.")
  .option(
    "--owner <user:string>",
    "User that may attach without CAP_NET_ADMIN.",
  )
  .option(
    "--group <group:string>",
    "Group that may attach without CAP_NET_ADMIN.",
  )
  .group("Packets")
  .option(
    "--answer-ping",
    "Reply to pings of all addresses routed to the device.",
  )
  .option("--hex", "Print the bytes of each packet.")
  .option("--write <path:file>", "Write packets to a pcapng file; - is stdout.")
  .option("--pcapng <path:file>", "Alias of --write.")
  .option(
    "--rotate <size:size>",
    "Start another file after this many bytes, such as 10MB: " +
      "tun_00001.pcapng, tun_00002.pcapng ...",
  )
  .option("--keep <n:files>", "Keep only the last files of --rotate.")
  .option("--stop-on-write-error", "Stop when the file cannot be written.")
  .group("End")
  .option("--count <n:count>", "Stop after this many packets from the kernel.")
  .option("--duration <t:duration>", "Stop after this time, such as 10s or 2m.")
  .example(
    "Print pings and reply to them",
    "netplumb tun tun0 --address 192.0.2.1/24 --answer-ping & ping 192.0.2.7",
  )
  .example(
    "Create a device for a user",
    "netplumb tun vpn0 --persist --owner alice --duration 1ms",
  )
  .example(
    "Show packets in Wireshark",
    "netplumb tun tun0 --pcapng - | wireshark -k -i -",
  )
  .example(
    "Keep the last 50 MB of packets",
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
      using _metrics = await exportMetrics(() => {
        // For the next export: nothing waits for the kernel's reply here.
        void countDropped();
        return tunMetrics(device.counters, known);
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
            log.warn(`${error.message}. Packets are read without the capture`);
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

/** The target of --write and --rotate. */
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

function report(
  output: Output | undefined,
  device: Tun,
  responder: Responder | undefined,
  dropped: number | undefined,
  started: number,
): void {
  const { packetsRead, bytesRead, packetsRejected } = device.counters;
  const answered = responder?.answered;
  const totals = {
    packets: packetsRead,
    bytes: bytesRead,
    answered,
    rejected: packetsRejected,
    dropped,
  };
  const name = printable(device.name);
  reportTotals(output, "summary", started, totals, [
    `${packetsRead} packets (${bytesRead} bytes) from ${name}`,
    ...(answered === undefined ? [] : [`${answered} answered`]),
    ...(packetsRejected > 0
      ? [`${packetsRejected} refused by the kernel`]
      : []),
    `${dropped ?? "an unknown number"} dropped by the kernel`,
  ]);
}
