// Joining a device that others hold: TUNSETIFF ignores what is requested, so a
// difference is refused and nothing is set.

import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { SystemError } from "../../../ffi/errno.ts";
import { Tun } from "../../../lib/tun/device.ts";
import type { TunOptions } from "../../../lib/tun/options.ts";
import { ownedDescriptors } from "../../support/descriptors.ts";
import { Lab, type Netns } from "../../support/netns.ts";
import { RunningProgram } from "../../support/program.ts";
import { TunLab, udpPayload } from "../../support/tun.ts";

const NAME = "mq0";

interface Data {
  pi: boolean;
  vnet_hdr: boolean;
  persist: boolean;
  numqueues: number;
  user?: string;
  group?: string;
}

async function settings(host: Netns): Promise<Data> {
  const [{ linkinfo }] = await host.json<{ linkinfo: { info_data: Data } }>(
    `-d link show ${NAME}`,
  );
  return linkinfo.info_data;
}

/** Whether ETHTOOL_GTSO reports TCP segmentation offload. */
async function tso(host: Netns): Promise<string> {
  return (await host.run("python3", [
    "-c",
    `import array, fcntl, socket, struct
value = array.array("I", [0x1e, 0])
request = struct.pack("16sP", b"${NAME}", value.buffer_info()[0])
fcntl.ioctl(socket.socket(), 0x8946, request.ljust(40, b"\\0"))
print(value[1])`,
  ])).trim();
}

const DIFFERENT: readonly [TunOptions, string][] = [
  [{ offload: true }, "virtio-net header (offload) off, not on"],
  [{ packetInformation: true }, "packet information off, not on"],
  [{ persist: true }, "persistence off, not on"],
  [{ owner: 65534 }, "no owner, not 65534"],
  [{ group: 65534 }, "no group, not 65534"],
  [{ carrier: false }, "carrier"],
];

for (const [options, words] of DIFFERENT) {
  Deno.test(`tun: joining with ${JSON.stringify(options)} is refused and changes nothing`, async () => {
    await using lab = await TunLab.open({ name: NAME, multiQueue: true });
    const { host, tun } = lab;
    const before = await settings(host);
    const descriptors = ownedDescriptors();
    const error = assertThrows(
      () =>
        Tun.open({
          namespace: host.name,
          name: NAME,
          multiQueue: true,
          ...options,
        }),
      SystemError,
      words,
    );
    assertEquals(error.code, "EBUSY");
    assertEquals(ownedDescriptors(), descriptors);
    assertEquals(await settings(host), before);
    // Packets of the holder are what they were.
    await lab.send("unharmed");
    assertEquals(udpPayload(await tun.read({ timeout: 5000 })), "unharmed");
  });
}

Deno.test("tun: joining with the same options changes no offload of the holder", async () => {
  await using lab = await TunLab.open({
    name: NAME,
    multiQueue: true,
    offload: { tso4: false },
    owner: 65534,
  });
  assertEquals(await tso(lab.host), "0");
  await using second = Tun.open({
    namespace: lab.host.name,
    name: NAME,
    multiQueue: true,
    offload: true,
    owner: 65534,
  });
  assertEquals(await tso(lab.host), "0");
  assertEquals((await settings(lab.host)).numqueues, 2);
  // Packets come on either queue, both with the header.
  await lab.send(...Array.from({ length: 20 }, (_, i) => `packet ${i}`));
  const got: string[] = [];
  while (got.length < 20) {
    const packet = await Promise.any([lab.tun, second].map(async (tun) => {
      const signal = AbortSignal.timeout(5000);
      await tun.waitReadable({ signal });
      return tun;
    }));
    got.push(udpPayload(await packet.read({ timeout: 5000 })));
  }
  assertEquals(got.length, 20);
});

const HOLDER = `
import fcntl, os, struct, sys
fd = os.open("/dev/net/tun", os.O_RDWR)
IFF_TUN, IFF_NO_PI, IFF_MULTI_QUEUE, IFF_VNET_HDR = 1, 0x1000, 0x100, 0x4000
flags = IFF_TUN | IFF_NO_PI | IFF_MULTI_QUEUE | IFF_VNET_HDR
fcntl.ioctl(fd, 0x400454ca, struct.pack("16sH22x", b"${NAME}", flags))
fcntl.ioctl(fd, 0x400454d8, struct.pack("i", 12))
print("attached", flush=True)
sys.stdin.read()
`;
const HEADER_SIZE = `
size, = struct.unpack("i", fcntl.ioctl(fd, 0x800454d7, struct.pack("i", 0)))
print(size, flush=True)
`;

Deno.test("tun: a holder's header of 12 bytes stays, and the library refuses to join", async () => {
  await using lab = await Lab.open("host");
  // It waits for a signal, then prints the size of its header.
  const script = HOLDER.replace(
    "sys.stdin.read()",
    `import signal; signal.sigwait([signal.SIGUSR1])${HEADER_SIZE}`,
  ).replace(
    "fd = os.open",
    "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])\nfd = os.open",
  );
  await using holder = new RunningProgram(
    { netns: lab.host },
    "python3",
    "-c",
    script,
  );
  assertEquals(await holder.line(), "attached");
  const error = assertThrows(
    () =>
      Tun.open({
        namespace: lab.host.name,
        name: NAME,
        multiQueue: true,
        offload: true,
      }),
    SystemError,
  );
  assertStringIncludes(error.message, "12 bytes, not 10");
  holder.kill("SIGUSR1");
  assertEquals(await holder.line(), "12");
});

Deno.test("tun: a persistent device that nothing holds takes new settings", async () => {
  await using lab = await Lab.open("host");
  const options = {
    namespace: lab.host.name,
    name: NAME,
    multiQueue: true,
  } as const;
  await Tun.open({ ...options, persist: true }).close();
  await using tun = Tun.open({ ...options, offload: true, owner: 65534 });
  const { vnet_hdr, user, persist } = await settings(lab.host);
  assertEquals([vnet_hdr, user, persist], [true, "nobody", true]);
  assertEquals(tun.state().persistent, true);
});
