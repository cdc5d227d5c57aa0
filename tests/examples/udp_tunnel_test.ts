// ping and a TCP transfer through the tunnel, between hosts that know each
// other only by a secondary address.

import { assertEquals, assertMatch } from "@std/assert";
import { Lab } from "../support/netns.ts";
import { RunningProgram } from "../support/program.ts";
import { example } from "./example.ts";

const SERVE = `
import hashlib, socket
s = socket.create_server(("10.8.0.1", 9000))
print("listening", flush=True)
c, _ = s.accept()
h = hashlib.sha256()
while data := c.recv(1 << 16): h.update(data)
print(h.hexdigest(), flush=True)
`;
const SEND = `
import hashlib, os, socket
c = socket.create_connection(("10.8.0.1", 9000))
h = hashlib.sha256()
for _ in range(200):
    data = os.urandom(1 << 16)
    h.update(data); c.sendall(data)
c.close()
print(h.hexdigest())
`;

for (const offload of [false, true]) {
  Deno.test(`udp_tunnel carries ping and TCP (offload: ${offload})`, async () => {
    await using lab = await Lab.open("here", "there");
    await lab.veth("here", "eth0", "there", "eth0");
    // The routes would answer from 192.0.2.1, the tunnel is asked at .3.
    for (const address of ["192.0.2.1", "192.0.2.3"]) {
      await lab.here.ip(`address add ${address}/24 dev eth0`);
    }
    await lab.there.ip("address add 192.0.2.9/24 dev eth0");
    const flags = offload ? ["--offload"] : [];
    await using here = example("udp_tunnel", lab.here, "--port=5555", ...flags);
    assertEquals(await here.line(), "tun0 over port 5555");
    await using there = example(
      "udp_tunnel",
      lab.there,
      "--peer=192.0.2.3:5555",
      ...flags,
    );
    assertMatch(await there.line(), /^tun0 over port \d+$/);
    await lab.here.ip("address add 10.8.0.1/24 dev tun0");
    await lab.there.ip("address add 10.8.0.2/24 dev tun0");

    // deno-fmt-ignore
    const ping = ["-c", "3", "-i", "0.05", "-W", "5", "10.8.0.1"];
    await lab.there.run("ping", ping);

    await using server = new RunningProgram(
      { netns: lab.here },
      "python3",
      "-c",
      SERVE,
    );
    assertEquals(await server.line(), "listening");
    const sent = await lab.there.run("python3", ["-c", SEND]);
    assertEquals(await server.line(), sent.trim());

    for (const side of [there, here]) {
      const { code, stderr } = await side.stop();
      assertEquals({ code, stderr }, { code: 0, stderr: "" });
    }
  });
}
