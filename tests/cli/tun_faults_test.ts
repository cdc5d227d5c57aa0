// netplumb tun: order of effects, captures that cannot be written, rings of
// files, and what its messages name.

import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { denoRun, netplumb, Running } from "../support/command.ts";
import { Lab, type Netns, run } from "../support/netns.ts";
import { RunningProgram } from "../support/program.ts";

const HERE = "10.9.0.1";
const BEYOND = "10.9.0.77";
const ADDRESS = ["--address", `${HERE}/24`];

async function links(host: Netns): Promise<string[]> {
  const shown = await host.json<{ ifname: string }>("link show");
  return shown.map(({ ifname }) => ifname);
}

async function temporary() {
  const path = await Deno.makeTempDir({ prefix: "netplumb-" });
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

/** Sends datagrams through the device as soon as it is up. */
function datagrams(host: Netns, count: number, size: number) {
  return host.run("python3", [
    "-c",
    `import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
end = time.monotonic() + 10
while time.monotonic() < end:
    try:
        s.connect(("${BEYOND}", 9))
        break
    except OSError:
        time.sleep(0.02)
for i in range(${count}):
    s.send(i.to_bytes(4, "big") * (${size} // 4))
    time.sleep(0.0005)`,
  ]);
}

/** Without IPv6 nothing comes from the device unless a test sends it. */
async function quiet(host: Netns): Promise<void> {
  await host.sysctl("net.ipv6.conf.default.disable_ipv6", 1);
}

Deno.test("tun: --persist leaves no device behind where the configuration fails", async () => {
  await using lab = await Lab.open("host");
  await lab.host.batch(`
    link add v0 type veth peer name v1
    link set v0 up
    route add 198.51.100.0/24 dev v0
  `);
  const { code, stderr } = await netplumb(
    lab.host,
    ...["tun", "p0", "--persist", ...ADDRESS, "--route", "198.51.100.0/24"],
    ...["--duration", "50ms"],
  );
  assertEquals(code, 1, stderr);
  assert(!(await links(lab.host)).includes("p0"));
});

Deno.test("tun: IPv6 with an MTU below 1280 is a usage error that says 1280", async () => {
  await using lab = await Lab.open("host");
  const { code, stderr } = await netplumb(
    lab.host,
    ...["tun", "p0", "--persist", "--mtu", "1000"],
    ...["--address", "2001:db8::1/64", "--duration", "50ms"],
  );
  assertEquals(code, 2, stderr);
  assertStringIncludes(stderr, "1280");
  assertEquals(await links(lab.host), ["lo"]);

  // Where the MTU is the device's own, the kernel's EINVAL is explained.
  await lab.host.ip("tuntap add dev low0 mode tun");
  await lab.host.ip("link set low0 mtu 1000");
  const low = await netplumb(
    lab.host,
    ...["tun", "low0", "--address", "2001:db8::1/64", "--duration", "50ms"],
  );
  assertEquals(low.code, 1);
  assertStringIncludes(low.stderr, "1280");
});

Deno.test("tun: a file that cannot be created leaves no device behind", async () => {
  await using lab = await Lab.open("host");
  const path = "/nonexistent/x.pcapng";
  const { code, stderr } = await netplumb(
    lab.host,
    ...["tun", "p0", "--persist", "--write", path, "--duration", "50ms"],
  );
  assert(code !== 0);
  assertStringIncludes(stderr, path);
  assertEquals(await links(lab.host), ["lo"]);
});

Deno.test("tun: --write /dev/full names the path, and packets are read on", async () => {
  await using lab = await Lab.open("host");
  await quiet(lab.host);
  const running = netplumb(
    lab.host,
    ...["tun", "dev0", "--json", ...ADDRESS, "--write", "/dev/full"],
    ...["--count", "20"],
  );
  await datagrams(lab.host, 20, 40);
  const { code, stdout, stderr } = await running;
  assertEquals(code, 1);
  assertStringIncludes(stderr, "/dev/full");
  assertStringIncludes(stderr, "No space left on device");
  assertEquals(stdout.match(/"event":"packet"/g)?.length, 20);

  const stopping = netplumb(
    lab.host,
    ...["tun", "dev0", "--json", ...ADDRESS, "--write", "/dev/full"],
    ...["--stop-on-write-error", "--duration", "60"],
  );
  const start = performance.now();
  // The device may be gone before all are sent.
  const sending = datagrams(lab.host, 20, 40).catch(() => {});
  const stopped = await stopping;
  await sending;
  assertEquals(stopped.code, 1);
  assert(performance.now() - start < 50_000, "it did not stop");
});

Deno.test("tun: on a full disk the capture ends after a whole packet", async () => {
  await using lab = await Lab.open("host");
  await quiet(lab.host);
  await using directory = await temporary();
  const command = [Deno.execPath(), ...denoRun()].join(" ");
  const file = `${directory.path}/tun.pcapng`;
  const running = lab.host.output("unshare", [
    "-m",
    "sh",
    "-c",
    `mount -t tmpfs -o size=64k none ${directory.path} || exit 9
${command} tun dev0 ${ADDRESS.join(" ")} --quiet --write ${file} --count 200
echo "exit $?"
stat -c "%s" ${file}
tshark -n -r ${file} -T fields -e frame.len 2>&1`,
  ]);
  await datagrams(lab.host, 200, 1000);
  const { stdout, stderr } = await running;
  assertStringIncludes(stderr, file);
  const printed = stdout.trim().split("\n");
  const [exit, size, ...frames] = printed.slice(1);
  assertEquals(exit, "exit 1", stderr);
  assert(Number(size) > 60_000, size);
  // tshark says so where the file was cut short in the middle of a packet.
  const said = frames.filter((line) => !line.startsWith("Running as user"));
  assertEquals(new Set(said), new Set(["1028"]));
  assert(frames.length > 50);
});

Deno.test("tun: --rotate and --keep make a ring of files, each a capture", async () => {
  await using lab = await Lab.open("host");
  await quiet(lab.host);
  await using directory = await temporary();
  const running = netplumb(
    lab.host,
    ...["tun", "dev0", "--quiet", ...ADDRESS, "--count", "100"],
    ...["--write", `${directory.path}/tun.pcapng`],
    ...["--rotate", "20kB", "--keep", "2"],
  );
  await datagrams(lab.host, 100, 1000);
  const { code, stderr } = await running;
  assertEquals(code, 0, stderr);
  const names = [...Deno.readDirSync(directory.path)].map(({ name }) => name)
    .sort();
  assertEquals(names, ["tun_00005.pcapng", "tun_00006.pcapng"]);
  const numbers: number[] = [];
  for (const name of names) {
    const path = `${directory.path}/${name}`;
    const { size, mode } = await Deno.stat(path);
    assert(size <= 20_000, `${name}: ${size}`);
    assertEquals(mode! & 0o777, 0o600);
    const fields = ["-T", "fields", "-e", "data.data"];
    const read = await run("tshark", ["-n", "-r", path, ...fields]);
    for (const line of read.trim().split("\n")) {
      numbers.push(parseInt(line.slice(0, 8), 16));
    }
  }
  // The newest packets, without a gap.
  const first = numbers[0];
  assertEquals(
    numbers,
    Array.from({ length: 100 - first }, (_, i) => first + i),
  );
  for (
    const words of [
      ["--rotate", "20kB"],
      ["--write", "-", "--rotate", "20kB"],
      ["--write", "x", "--keep", "2"],
      ["--write", "x", "--pcapng", "y"],
      ["--write", "x", "--rotate", "many"],
    ]
  ) {
    assertEquals((await netplumb(lab.host, "tun", ...words)).code, 2);
  }
});

Deno.test("tun: --pcapng - is what tshark reads from a pipe", async () => {
  await using lab = await Lab.open("host");
  await quiet(lab.host);
  const command = [Deno.execPath(), ...denoRun()].join(" ");
  const reading = lab.host.output("bash", [
    "-c",
    `${command} tun dev0 ${ADDRESS.join(" ")} --pcapng - --count 5 |` +
    " tshark -l -n -i - -T fields -e frame.len",
  ]);
  await datagrams(lab.host, 5, 100);
  const { stdout, stderr } = await reading;
  assertEquals(stdout.trim().split("\n"), Array(5).fill("128"), stderr);
});

Deno.test("tun: EBUSY names the process that holds the device", async () => {
  await using lab = await Lab.open("host");
  await using holder = new RunningProgram(
    { netns: lab.host },
    "python3",
    "-c",
    `import fcntl, os, signal, struct
fd = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(fd, 0x400454ca, struct.pack("16sH22x", b"dev0", 0x1001))
print(os.getpid(), flush=True)
signal.pause()`,
  );
  const pid = await holder.line();
  const { code, stderr } = await netplumb(lab.host, "tun", "dev0");
  assertEquals(code, 1);
  assertMatch(stderr, new RegExp(`python3[\\d.]* \\(process ${pid}\\)`));
});

Deno.test("tun: after a move the summary counts this device's drops", async () => {
  await using lab = await Lab.open("host", "there");
  await quiet(lab.host);
  await using running = new Running(lab.host, "tun", "dev0", "--json");
  await running.object();
  await lab.host.ip(`link set dev0 netns ${lab.there.name}`);
  // Another device of that name, which no process reads, drops packets.
  await using _holder = new RunningProgram(
    { netns: lab.host },
    "python3",
    "-c",
    `import fcntl, os, signal, socket, struct, subprocess
fd = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(fd, 0x400454ca, struct.pack("16sH22x", b"dev0", 0x1001))
run = lambda words: subprocess.run(["ip", *words.split()], check=True)
run("link set dev0 txqueuelen 1 up")
run("address add ${HERE}/24 dev dev0")
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(20): s.sendto(b"x", ("${BEYOND}", 9))
print("sent", flush=True)
signal.pause()`,
  );
  assertEquals(await _holder.line(), "sent");
  const [{ stats64 }] = await lab.host.json<
    { stats64: { tx: { dropped: number } } }
  >("-s link show dev0");
  assert(stats64.tx.dropped > 0);
  const { stdout } = await running.stop();
  const summary = JSON.parse(stdout.trim().split("\n").at(-1)!);
  assertEquals([summary.event, summary.dropped], ["summary", 0]);
});
