// The kernel splits packets too, when it forwards them to a device that cannot:
// what it makes of a packet that stands for many is what the library must make
// of it, and what it makes of a coalesced run is what was coalesced.

import { assertEquals } from "@std/assert";
import { decodePacket } from "../../../lib/packet/decode.ts";
import { describePacket } from "../../../lib/packet/describe.ts";
import { TCP } from "../../../lib/packet/tcp.ts";
import { encodeTcpOptions } from "../../../lib/packet/tcp_option.ts";
import { compileC } from "../../support/c.ts";
import {
  kernelJoinsUdp,
  NO_JOINED_UDP,
  testUnless,
} from "../../support/kinds.ts";
import { Lab } from "../../support/netns.ts";
import {
  coalesce,
  data,
  split,
  tcp,
  udp,
  unsegmented,
  v4,
  v6,
} from "./segments.ts";

// Writes each packet to one device and prints what comes out of another, a line
// each, an empty line behind the last. The first two packets are tried until
// they come through: the routes are there some time after the carrier.
const FORWARD = `
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
static int attach(const char *name, int flags) {
  struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI | flags};
  int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
  strcpy(request.ifr_name, name);
  if (fd < 0 || ioctl(fd, TUNSETIFF, &request)) { perror(name); return -1; }
  return fd;
}
static unsigned char packet[70000];
static char line[150000];
static int drain(int fd, int first, int print) {
  struct pollfd readable = {.fd = fd, .events = POLLIN};
  int count = 0;
  while (poll(&readable, 1, count ? 50 : first) > 0) {
    ssize_t length = read(fd, packet, sizeof packet);
    if (length <= 0) break;
    /* Router solicitations and the like are the device's own. */
    if (packet[0] >> 4 == 6 && packet[6] != 6 && packet[6] != 17) continue;
    count++;
    for (ssize_t i = 0; print && i < length; i++) printf("%02x", packet[i]);
    if (print) putchar('\\n');
  }
  return count;
}
int main(int argc, char **argv) {
  int in = attach("in0", IFF_VNET_HDR), out = attach("out0", 0);
  FILE *file = fopen(argv[1], "r");
  if (argc < 2 || in < 0 || out < 0 || !file) return 1;
  for (int number = 0; fgets(line, sizeof line, file); number++) {
    int length = 0;
    static unsigned char written[70000];
    for (char *c = line; *c > '\\n'; c += 2)
      sscanf(c, "%2hhx", &written[length++]);
    for (int tries = 0; tries < 200; tries++) {
      if (write(in, written, length) != length) {
        printf("error %d\\n", errno);
        break;
      }
      if (drain(out, number < 2 ? 50 : 2000, number >= 2) || number >= 2) break;
    }
    if (number >= 2) putchar('\\n');
  }
}`;

/** What the kernel sends on of each packet, as text. */
async function forward(packets: readonly Uint8Array[]): Promise<string[][]> {
  await using program = await compileC(FORWARD);
  await using lab = await Lab.open("host");
  const { host } = lab;
  await host.run("sh", [
    "-c",
    "echo 1 > /proc/sys/net/ipv4/ip_forward;" +
    " echo 1 > /proc/sys/net/ipv6/conf/all/forwarding",
  ]);
  for (
    const [name, subnet, flags] of [["in0", 1, "vnet_hdr"], ["out0", 2, ""]]
  ) {
    await host.ip(`tuntap add dev ${name} mode tun ${flags}`);
    await host.ip(`address add 10.${subnet}.0.1/24 dev ${name}`);
    await host.ip(`address add fd0${subnet}::1/64 dev ${name} nodad`);
    await host.ip(`link set ${name} up`);
  }
  const probes = [udp(v4, data(1)), udp(v6, data(1))].map((probe) =>
    new Uint8Array([...new Uint8Array(10), ...probe])
  );
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(
      file,
      [...probes, ...packets].map((packet) => packet.toHex() + "\n").join(""),
    );
    const text = await host.run(program.path, [file]);
    return text.split("\n\n").slice(0, -1).map((lines) =>
      lines.split("\n").filter((line) => line !== "")
    );
  } finally {
    await Deno.remove(file);
  }
}

function show(hex: string): string {
  return `${describePacket(decodePacket(Uint8Array.fromHex(hex)))} ${hex}`;
}

const timestamps = encodeTcpOptions([
  { name: "nop" },
  { name: "nop" },
  { name: "TS", value: 123, echo: 456 },
]);

// What is written and what the library makes of it, one hop further.
const all: [
  name: string,
  size: number,
  build: (ttl: number) => Uint8Array,
][] = [
  ["TCP4", 1000, (ttl) => tcp({ ...v4, ttl }, data(10_001))],
  ["TCP6", 1000, (ttl) => tcp({ ...v6, ttl }, data(10_000))],
  [
    "TCP4, flags and options",
    536,
    (ttl) =>
      tcp({ ...v4, ttl, trafficClass: 0xb9 }, data(5000), {
        flags: TCP.ACK | TCP.PSH | TCP.FIN | TCP.ECE | TCP.CWR,
        optionBytes: timestamps,
      }),
  ],
  [
    "TCP6, flags and options",
    1220,
    (ttl) =>
      tcp({ ...v6, ttl, trafficClass: 2 }, data(5000), {
        flags: TCP.ACK | TCP.PSH | TCP.FIN | TCP.ECE | TCP.CWR,
        optionBytes: timestamps,
      }),
  ],
  [
    "TCP4 that may be fragmented",
    100,
    (ttl) => tcp({ ...v4, ttl, dontFragment: false }, data(777)),
  ],
  [
    "TCP4, as long as it can be",
    1448,
    (ttl) => tcp({ ...v4, ttl }, data(65_495)),
  ],
  ["UDP4", 1200, (ttl) => udp({ ...v4, ttl }, data(10_000))],
  ["UDP6", 1200, (ttl) => udp({ ...v6, ttl }, data(12_000))],
  ["UDP4, odd sizes", 99, (ttl) => udp({ ...v4, ttl }, data(1001))],
  ["UDP6, odd sizes", 99, (ttl) => udp({ ...v6, ttl }, data(1001))],
];

const joinsUdp = await kernelJoinsUdp();
const cases = all.filter(([name]) => joinsUdp || !name.startsWith("UDP"));
if (!joinsUdp) {
  testUnless(NO_JOINED_UDP, "UDP is split by both as well", () => {});
}

Deno.test("the library splits packets as the kernel does", async () => {
  const written = cases.map(([, size, build]) => unsegmented(build(64), size));
  const ours = cases.map(([, size, build]) =>
    split(unsegmented(build(63), size))
  );
  const theirs = await forward(written);
  assertEquals(theirs.length, cases.length);
  cases.forEach(([name], i) => {
    assertEquals(ours[i].map(show), theirs[i].map(show), name);
  });
});

Deno.test("the kernel splits coalesced runs into what they were made of", async () => {
  const runs: Uint8Array[] = [];
  const expected: string[][] = [];
  for (const [, size, build] of cases) {
    const segments = (ttl: number) => split(unsegmented(build(ttl), size));
    // A segment with CWR stands alone, the others are one run.
    for (
      const run of coalesce(segments(64).map((s) => Uint8Array.fromHex(s)))
    ) {
      runs.push(run);
    }
    expected.push(segments(63));
  }
  assertEquals(runs.length < 40, true, `${runs.length} runs`);
  const theirs = await forward(runs);
  assertEquals(theirs.flat().map(show), expected.flat().map(show));
});
