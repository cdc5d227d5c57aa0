// netplumb tun: creates or attaches to a TUN or TAP device and prints packets.

import { RouteSocket } from "../../lib/rtnetlink/socket.ts";
import { Tun } from "../../lib/tun/device.ts";
import {
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
import { checkPeer, configure } from "../tun/configure.ts";
import { Capture } from "../tun/capture.ts";
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
    "netplumb tun tun0 --write - | wireshark -k -i -",
  )
  .action((options, name) =>
    perform(options, async ({ output, signal }) => {
      const mode = options.tap ? "tap" : "tun";
      checkPeer(options);
      await using device = Tun.open({
        name,
        mode,
        queues: options.queues,
        offload: options.offload,
        persist: options.persist,
        owner: accountNumber("owner", options.owner),
        group: accountNumber("group", options.group),
      });
      await configure(device, options);
      const droppedBefore = await dropsOf(device) ?? 0;
      const toStdout = options.write === "-";
      if (!toStdout) announce(output, device);
      const linkType = mode === "tap" ? "ethernet" : "ip";
      const ended = new AbortController();
      await using capture = options.write === undefined
        ? undefined
        : toStdout
        ? new Capture(stdoutBytes(() => ended.abort()), device.name, linkType)
        : await Capture.toFile(options.write, device.name, linkType);
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
        // Told the next time: nothing waits for the kernel's answer here.
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
        });
      } finally {
        const dropped = await countDropped();
        await capture?.finish(dropped);
        report(
          toStdout ? undefined : output,
          device,
          responder,
          dropped,
          started,
        );
      }
    })
  );

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

/** Packets the kernel ever dropped because nobody read them in time. */
async function dropsOf(device: Tun): Promise<number | undefined> {
  try {
    await using route = RouteSocket.open();
    const { statistics } = await route.link(device.name, { statistics: true });
    return statistics?.tx_dropped;
  } catch {
    // Deleted or moved away: nobody knows any more.
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
