// A tunnel between two hosts over UDP: packets that are routed into the TUN
// device of one host leave the TUN device of the other.
//
//   here$  sudo deno run -A examples/udp_tunnel.ts --name tun0 --port 5555
//   there$ sudo deno run -A examples/udp_tunnel.ts --name tun0 --peer here:5555
//   both$  sudo ip address add 10.8.0.1/24 dev tun0   # and 10.8.0.2 there
// The side without --peer sends to the last sender, from the address that it
// was sent to: it may be multihomed, and the other side may move.
//
//   --offload    use GSO and GRO between the kernel and this program
//   --queues N   one worker for each queue; ports from --port, the same N at both
//                ends
//   --key FILE   encrypt with AES-256-GCM: `openssl rand -hex 32 > key`, the same
//                file at both ends; examples/udp_tunnel/sealer.ts is the hook
//   --mtu N      MTU of the device; reduced to that of the path between the hosts

import { Tun } from "@netplumb/netplumb";
import { parseArgs } from "@std/cli/parse-args";
import { Lane, LARGEST_DATAGRAM, SEAL_OVERHEAD } from "./udp_tunnel/lane.ts";
import type { Report, Start } from "./udp_tunnel/worker.ts";

const args = parseArgs(Deno.args, {
  string: ["name", "port", "peer", "mtu", "key", "queues"],
  boolean: ["offload"],
  default: { name: "tun%d", port: "0", mtu: "1400", queues: "1" },
});
const [, address, peerPort] = /^\[?(.+?)\]?:(\d+)$/.exec(args.peer ?? "") ?? [];
const queues = Number(args.queues);
const key = args.key && await Deno.readTextFile(args.key);
// No datagram carries a longer packet, regardless of --mtu.
const most = LARGEST_DATAGRAM - (key ? SEAL_OVERHEAD : 0);
const mtu = Math.min(Number(args.mtu), most);
const laneOptions = (index: number) => ({
  port: args.port === "0" ? 0 : Number(args.port) + index,
  peer: address ? { address, port: Number(peerPort) + index } : undefined,
  offload: args.offload,
  key: key || undefined,
});

await using tun = Tun.open({ name: args.name, offload: args.offload, queues });
tun.setMtu(mtu);
tun.up();
// The kernel fragments or rejects longer packets; below 1280 it disables IPv6.
const onLimit = (limit: number) =>
  tun.setMtu(Math.min(mtu, Math.max(limit, 1280)));

if (queues === 1) {
  await using lane = Lane.open(tun, laneOptions(0), onLimit);
  const stop = () => [tun.close(), lane[Symbol.asyncDispose]()];
  Deno.addSignalListener("SIGINT", stop);
  console.log(`${tun.name} over port ${lane.port}`);
  await lane.run();
} else {
  const stopped = Promise.withResolvers<void>();
  Deno.addSignalListener("SIGINT", () => stopped.resolve());
  const url = new URL("./udp_tunnel/worker.ts", import.meta.url);
  const workers = tun.queues.map(() => new Worker(url, { type: "module" }));
  const ports = await Promise.all(workers.map((worker, index) => {
    const start: Start = {
      queue: tun.queues[index].handle,
      lane: laneOptions(index),
    };
    const port = Promise.withResolvers<number>();
    worker.onmessage = ({ data }: MessageEvent<Report>) => {
      if ("port" in data) port.resolve(data.port);
      else if ("limit" in data) onLimit(data.limit);
      else [port, stopped].forEach((one) => one.reject(new Error(data.error)));
    };
    worker.postMessage(start);
    return port.promise;
  }));
  console.log(`${tun.name} over ports ${ports.join(", ")}`);
  await stopped.promise.finally(() => workers.map((one) => one.terminate()));
}
