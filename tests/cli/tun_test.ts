// netplumb tun as a user runs it, with ping, tcpdump, tshark and the kernel as
// witnesses.

import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import {
  frameSamples,
  protocolSamples,
  tunnelSamples,
} from "../lib/packet/protocol_samples.ts";
import { withoutHexDumps } from "../support/capture.ts";
import { denoRun, netplumb, Running } from "../support/command.ts";
import { Lab, type Netns, run } from "../support/netns.ts";
import { without } from "../support/script.ts";

const HERE = { 4: "10.9.0.1", 6: "fd09::1" };
const BEYOND = { 4: "10.9.0.77", 6: "fd09::77" };

const ADDRESSES = [
  ...["--address", `${HERE[4]}/24`],
  ...["--address", `${HERE[6]}/64`],
];

/** The command on a device that has addresses, with what it printed first. */
async function start(host: Netns, ...args: string[]): Promise<Running> {
  const running = new Running(host, "tun", "dev0", ...ADDRESSES, ...args);
  try {
    const { event, name } = await running.object();
    assertEquals([event, name], ["device", "dev0"]);
    return running;
  } catch (error) {
    await running[Symbol.asyncDispose]();
    throw error;
  }
}

async function ping(host: Netns, address: string): Promise<void> {
  const printed = await host.run("ping", ["-c3", "-i0.05", "-W5", address]);
  assertStringIncludes(printed, "3 packets transmitted, 3 received");
}

/** A path nothing is at, in a directory that is gone when disposed of. */
async function temporary() {
  const directory = await Deno.makeTempDir({ prefix: "netplumb-" });
  return {
    directory,
    path: `${directory}/tun.pcapng`,
    [Symbol.asyncDispose]: () => Deno.remove(directory, { recursive: true }),
  };
}

for (const kind of ["tun", "tap"]) {
  Deno.test(`tun: pings of any address routed to a ${kind} device are answered`, async () => {
    await using lab = await Lab.open("host");
    const options = kind === "tap" ? ["--tap"] : [];
    await using running = await start(
      lab.host,
      ...options,
      "--answer-ping",
      "--json",
    );
    for (const address of Object.values(BEYOND)) await ping(lab.host, address);
    const { code, stdout, stderr } = await running.stop();
    assertEquals(code, 0, stderr);
    const lines = stdout.trim().split("\n").map((line) => JSON.parse(line));
    const named = (name: string) =>
      lines.filter(({ icmp }) => icmp?.name === name).map(
        ({ direction, source, destination, icmp }) => ({
          direction,
          source,
          destination,
          sequence: icmp.sequence,
        }),
      );
    const sequence = [1, 2, 3];
    assertEquals(
      named("echo request"),
      ([4, 6] as const).flatMap((version) =>
        sequence.map((sequence) => ({
          direction: "out",
          source: HERE[version],
          destination: BEYOND[version],
          sequence,
        }))
      ),
    );
    assertEquals(
      named("echo reply"),
      ([4, 6] as const).flatMap((version) =>
        sequence.map((sequence) => ({
          direction: "in",
          source: BEYOND[version],
          destination: HERE[version],
          sequence,
        }))
      ),
    );
    const summary = lines.at(-1);
    assertEquals([summary.event, summary.dropped, summary.rejected], [
      "summary",
      0,
      0,
    ]);
  });
}

for (const kind of ["tun", "tap"]) {
  Deno.test(`tun: a ping in fragments to a ${kind} device is answered in fragments`, async () => {
    await using lab = await Lab.open("host");
    const options = kind === "tap" ? ["--tap"] : [];
    await using running = await start(
      lab.host,
      ...options,
      "--answer-ping",
      "--json",
    );
    for (const address of Object.values(BEYOND)) {
      const printed = await lab.host.run("ping", [
        ...["-c2", "-i0.05", "-W5", "-s4000", address],
      ]);
      assertStringIncludes(printed, "2 packets transmitted, 2 received");
    }
    const { code, stdout, stderr } = await running.stop();
    assertEquals(code, 0, stderr);
    const lines = stdout.trim().split("\n").map((line) => JSON.parse(line));
    const replies = lines.filter(({ direction, fragment }) =>
      direction === "in" && fragment !== undefined
    );
    // Three fragments each, none longer than the MTU.
    assertEquals(replies.length, 12);
    const link = kind === "tap" ? 14 : 0;
    assert(replies.every(({ bytes }) => bytes <= 1500 + link));
    // On a TAP device requests for the link-layer addresses are answered too.
    const { answered, rejected } = lines.at(-1);
    const others = lines.filter(({ direction, fragment }) =>
      direction === "in" && fragment === undefined
    );
    assertEquals([answered - others.length, rejected], [4, 0]);
  });
}

Deno.test("tun: what is written is what tshark and tcpdump read, and what JSON says", async () => {
  await using lab = await Lab.open("host");
  await using file = await temporary();
  await using running = await start(
    lab.host,
    "--answer-ping",
    "--json",
    "--write",
    file.path,
  );
  for (const address of Object.values(BEYOND)) await ping(lab.host, address);
  await lab.host.run("bash", ["-c", `echo hi > /dev/udp/${BEYOND[4]}/53`]);
  const { code, stdout, stderr } = await running.stop();
  assertEquals(code, 0, stderr);
  const lines = stdout.trim().split("\n").map((line) => JSON.parse(line));
  const packets = lines.filter(({ event }) => event === "packet");
  assert(packets.length >= 13);

  const read = await run("tshark", [
    ...["-n", "-r", file.path, "-T", "fields", "-E", "separator=|"],
    ...["frame.time_epoch", "frame.len", "ip.src", "ipv6.src", "ip.dst"]
      .flatMap((field) => ["-e", field]),
    ...["ipv6.dst", "udp.dstport", "frame.interface_name", "frame.p2p_dir"]
      .flatMap((field) => ["-e", field]),
  ]);
  assertEquals(
    read.trim().split("\n").map((line) => line.split("|").slice(0, 8)),
    packets.map(({ time, bytes, version, source, destination, ...packet }) => {
      const fraction = time.slice(19, -1);
      const four = version === 4;
      return [
        `${Date.parse(time.slice(0, 19) + "Z") / 1000}${fraction}`,
        String(bytes),
        four ? source : "",
        four ? "" : source,
        four ? destination : "",
        four ? "" : destination,
        packet.protocol === "udp" ? String(packet.destinationPort) : "",
        "dev0",
      ];
    }),
  );
  const listed = await run("tcpdump", ["-nn", "-r", file.path]);
  assertEquals(listed.trim().split("\n").length, packets.length);
  const { mode } = await Deno.stat(file.path);
  assertEquals(mode! & 0o777, 0o600);
});

Deno.test("tun: a line is what tcpdump prints, and --hex what its -X does", async () => {
  await using lab = await Lab.open("host");
  await using file = await temporary();
  const running = new Running(
    lab.host,
    ...["tun", "dev0", ...ADDRESSES, "--answer-ping", "--hex"],
    ...["--write", file.path],
  );
  await using _ending = running;
  assertMatch(
    await running.line(),
    /^dev0: TUN device, index \d+, MTU 1500$/,
  );
  await ping(lab.host, BEYOND[4]);
  const { stdout, stderr } = await running.stop();
  const listed = await run("tcpdump", ["-nn", "-X", "-r", file.path]);
  assertEquals(stdout.trimEnd(), listed.trimEnd());
  assertMatch(
    stderr,
    /^\d+ packets \(\d+ bytes\) from dev0, 3 answered, 0 dropped by the kernel in \d/m,
  );
});

Deno.test("tun: frames of link protocols and tunnels are shown as tcpdump does", async () => {
  await using lab = await Lab.open("host");
  await using file = await temporary();
  await using running = new Running(
    lab.host,
    ...["tun", "dev0", "--tap", ...ADDRESSES, "--write", file.path],
  );
  await running.line();
  const link = "020000000002020000000001";
  const frames = [
    ...frameSamples.map((frame) => frame.toHex()),
    ...[...tunnelSamples, ...protocolSamples].map((packet) =>
      link + (packet[0] >> 4 === 4 ? "0800" : "86dd") + packet.toHex()
    ),
    // The last, to wait for.
    `${link}88cc0a08${"6c617374206f6e65"}0000`,
  ];
  await lab.host.run("python3", ["-"], {
    stdin: `import socket
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
for frame in ${JSON.stringify(frames)}:
    s.sendto(bytes.fromhex(frame), ("dev0", 0))`,
  });
  const lines: string[] = [];
  do lines.push(await running.line()); while (
    !lines.at(-1)!.endsWith(": last one")
  );
  lines.push(...(await running.stop()).stdout.trimEnd().split("\n"));
  const listed = await run("tcpdump", ["-nn", "-r", file.path]);
  assertEquals(
    lines.filter((line) => line !== ""),
    withoutHexDumps(listed),
  );
  assert(lines.length > frames.length);
});

Deno.test("tun: malformed packets are shown as such and stop nothing", async () => {
  await using lab = await Lab.open("host");
  await using running = await start(lab.host, "--answer-ping", "--json");
  // Straight into the device, past everything that would make them right.
  const packets = [
    "99".repeat(20),
    "45",
    "4f00001400000000400100000a0900010a090002",
    "4500ffff00000000401100000a0900010a090002",
    "60000000ffff3a40",
  ];
  await lab.host.run("python3", [
    "-c",
    `import socket
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
for packet in ${JSON.stringify(packets)}:
    s.sendto(bytes.fromhex(packet), ("dev0", 0x800))`,
  ]);
  await ping(lab.host, BEYOND[4]);
  const { stdout } = await running.stop();
  const lines = stdout.trim().split("\n").map((line) => JSON.parse(line));
  const malformed = lines.filter((line) => line.malformed !== undefined);
  assertEquals(
    malformed.map(({ bytes }) => bytes),
    packets.map((packet) => packet.length / 2),
  );
});

Deno.test("tun: --count and --duration end it, and the device is gone", async () => {
  await using lab = await Lab.open("host");
  await using running = await start(lab.host, "--json", "--count", "3");
  await lab.host.run("bash", [
    "-c",
    `for i in 1 2 3 4 5 6; do echo $i > /dev/udp/${BEYOND[4]}/53; done`,
  ]);
  const { code, stdout } = await running.end();
  assertEquals(code, 0);
  const lines = stdout.trim().split("\n").map((line) => JSON.parse(line));
  assertEquals(lines.filter(({ event }) => event === "packet").length, 3);
  const links = await lab.host.json<{ ifname: string }>("link show");
  assertEquals(links.map(({ ifname }) => ifname), ["lo"]);

  const ended = await netplumb(lab.host, "tun", "--duration", "50ms");
  assertEquals(ended.code, 0, ended.stderr);
});

Deno.test("tun: --persist leaves the device, with its MTU and its owner", async () => {
  await using lab = await Lab.open("host");
  const made = await netplumb(
    lab.host,
    ...["tun", "mine0", "--persist", "--owner", "nobody", "--group", "0"],
    ...["--mtu", "1380", "--queues", "2", "--duration", "10ms"],
  );
  assertEquals(made.code, 0, made.stderr);
  const [link] = await lab.host.json<
    { mtu: number; linkinfo: { info_data: Record<string, unknown> } }
  >("-d link show mine0");
  assertEquals(link.mtu, 1380);
  const { persist, user, group, multi_queue } = link.linkinfo.info_data;
  assertEquals([persist, user, group, multi_queue], [
    true,
    "nobody",
    "root",
    true,
  ]);
});

Deno.test("tun: addresses, the peer and routes are there, and pings of routed networks answered", async () => {
  await using lab = await Lab.open("host");
  await using running = await start(
    lab.host,
    ...["--json", "--answer-ping", "--address", "192.0.2.1/32"],
    ...["--route", "198.51.100.0/24", "--route", "2001:db8::/32"],
  );
  for (const address of ["198.51.100.99", "2001:db8::99"]) {
    await ping(lab.host, address);
  }
  assertEquals((await running.stop()).code, 0);

  const linked = new Running(
    lab.host,
    ...["tun", "link0", "--address", "192.0.2.1", "--peer", "192.0.2.2"],
    ...["--address", "2001:db8::1/64", "--answer-ping"],
  );
  await using _ending = linked;
  await linked.line();
  await ping(lab.host, "192.0.2.2");
  const [{ addr_info }] = await lab.host.json<
    { addr_info: { local: string; address: string }[] }
  >("-4 address show dev link0");
  assertEquals([addr_info[0].local, addr_info[0].address], [
    "192.0.2.1",
    "192.0.2.2",
  ]);
});

Deno.test("tun: several queues and offload show ordinary packets", async () => {
  await using lab = await Lab.open("host");
  await using running = await start(
    lab.host,
    ...["--json", "--queues", "4", "--offload", "--answer-ping"],
  );
  await ping(lab.host, BEYOND[4]);
  for (let i = 0; i < 5; i++) {
    await lab.host.run("bash", ["-c", `echo ${i} > /dev/udp/${BEYOND[4]}/53`]);
  }
  const { stdout } = await running.stop();
  const lines = stdout.trim().split("\n").map((line) => JSON.parse(line));
  const udp = lines.filter(({ protocol }) => protocol === "udp");
  assertEquals(udp.length, 5);
  assertEquals(lines.filter(({ malformed }) => malformed), []);
});

Deno.test("tun: a capture on stdout is what tcpdump reads from a pipe", async () => {
  await using lab = await Lab.open("host");
  const words = [Deno.execPath(), ...denoRun(), "tun", "dev0", ...ADDRESSES];
  const command = `${words.join(" ")} --answer-ping --write - --duration 20s` +
    " | tcpdump -nn -U -c 6 -r - icmp";
  const reading = lab.host.output("bash", ["-c", command]);
  await lab.host.run("bash", [
    "-c",
    "for i in $(seq 400); do ip link show dev0 up | grep -q UP && exit; sleep 0.05; done; exit 1",
  ]);
  await ping(lab.host, BEYOND[4]);
  // tcpdump leaves after six: what still comes must not keep us from ending.
  await lab.host.output("ping", ["-c1", "-W1", BEYOND[4]]);
  const { code, stdout, stderr } = await reading;
  assertEquals(code, 0, stderr);
  assertEquals(stdout.trim().split("\n").length, 6);
  assert(!stderr.includes("netplumb:"), stderr);
});

Deno.test("tun: a device that is deleted meanwhile ends it with 1", async () => {
  await using lab = await Lab.open("host");
  await using running = await start(lab.host, "--json");
  await lab.host.ip("link delete dev0");
  const { code, stderr } = await running.end();
  assertEquals(code, 1);
  assertStringIncludes(stderr, "The device was deleted");
});

Deno.test("tun: what cannot be right is refused with 2, what the kernel refuses with 1", async () => {
  await using lab = await Lab.open("host");
  const usage: [string[], string][] = [
    [["sixteen-bytes-xx"], "16 bytes, 15 at most"],
    [["a/b"], "no slash"],
    [["dev%s"], "%d"],
    [["dev0", "--queues", "257"], "1 to 256"],
    [["dev0", "--mtu", "67"], "68 to"],
    [["dev0", "--owner", "no-such-user"], "/etc/passwd"],
    [["dev0", "--address", "10.9.0.1/33"], "--address"],
    [["dev0", "--route", "10.9.0.1/24"], "that would be 10.9.0.0/24"],
    [["dev0", "--peer", "10.9.0.2"], "without an --address"],
  ];
  for (const [args, words] of usage) {
    const { code, stderr } = await netplumb(lab.host, "tun", ...args);
    assertEquals(code, 2, stderr);
    assertStringIncludes(stderr, words);
  }
  const { code, stderr } = await netplumb(lab.host, "tun", "lo");
  assertEquals(code, 1);
  assertStringIncludes(stderr, "EINVAL");
  assertStringIncludes(stderr, "ip -d link show lo");
});

Deno.test("tun: without the capability it ends with 77 and names it", async () => {
  await using lab = await Lab.open("host");
  const [command, ...args] = [
    ...without("net_admin"),
    Deno.execPath(),
    ...denoRun(),
    "tun",
    "mine0",
  ];
  const { code, stderr } = await lab.host.output(command, args);
  assertEquals(code, 77, stderr);
  assertStringIncludes(stderr, "CAP_NET_ADMIN");
  assertStringIncludes(stderr, "ip tuntap add mine0 mode tun user");
});

Deno.test("tun: a capture follows no symbolic link in a world-writable directory", async () => {
  await using lab = await Lab.open("host");
  await using file = await temporary();
  await Deno.chmod(file.directory, 0o1777);
  const victim = `${file.directory}/victim`;
  await Deno.writeTextFile(victim, "precious");
  await Deno.symlink(victim, file.path);
  const write = (path: string) =>
    netplumb(lab.host, ...["tun", "--duration", "10ms", "--write", path]);
  const linked = await write(file.path);
  assertEquals(linked.code, 2);
  assertStringIncludes(linked.stderr, "a link");
  assertEquals(await Deno.readTextFile(victim), "precious");

  await Deno.chown(victim, 65534, 65534);
  assertEquals((await write(victim)).code, 2);
  assertEquals(await Deno.readTextFile(victim), "precious");

  // A file of the same user is replaced: a process that has it open reads no new data.
  const mine = `${file.directory}/mine`;
  await Deno.writeTextFile(mine, "old", { mode: 0o644 });
  assertEquals((await write(mine)).code, 0);
  assertEquals((await Deno.stat(mine)).mode! & 0o777, 0o600);
});
