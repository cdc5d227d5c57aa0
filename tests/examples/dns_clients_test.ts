// dig and kdig query the DNS example: at every address, with EDNS and without,
// for replies that are longer than the client or the link takes in one piece.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Lab, type Netns } from "../support/netns.ts";
import { example } from "./example.ts";

/** More than 512 bytes, and more than the MTU. */
const MANY = Array.from({ length: 200 }, (_, n) => `198.51.100.${n}`);

const ADDRESSES = [
  "192.0.2.1",
  "192.0.2.2",
  "192.0.2.3",
  "2001:db8::1",
  "2001:db8::2",
  "fe80::1%eth0",
];

/** The options of each program to disable retries and TCP. */
const CLIENTS = {
  dig: ["+tries=1", "+time=5", "+ignore"],
  kdig: ["+retry=0", "+time=5", "+ignore"],
} as const;

/** Queries; the addresses in the reply, its flags and its bytes. */
async function ask(
  netns: Netns,
  client: keyof typeof CLIENTS,
  server: string,
  name: string,
  ...options: string[]
) {
  const { code, stdout, stderr } = await netns.output(client, [
    ...[`@${server}`, name, "A", ...CLIENTS[client], ...options],
  ]);
  assertEquals(code, 0, stdout + stderr);
  const addresses = [...stdout.matchAll(/\sIN\s+A\s+([\d.]+)$/gm)]
    .map(([, address]) => address!);
  const flags = /^;; [Ff]lags: ([a-z ]+);/m.exec(stdout)![1]!.split(" ");
  const status = /status: (\w+)/.exec(stdout)![1];
  return { addresses, flags, status, stdout };
}

for (const client of ["dig", "kdig"] as const) {
  Deno.test(`dns_responder answers ${client} over every address, and fits its replies`, async () => {
    await using lab = await Lab.open("server", "client");
    await lab.veth("server", "eth0", "client", "eth0");
    for (const address of ADDRESSES) {
      const plain = address.replace("%eth0", "");
      const length = plain.includes(":") ? "64 dev eth0 nodad" : "24 dev eth0";
      await lab.server.ip(`address add ${plain}/${length}`);
    }
    await lab.client.batch(`
      address add 192.0.2.9/24 dev eth0
      address add 2001:db8::9/64 dev eth0 nodad
    `);
    await using server = example(
      "dns_responder",
      lab.server,
      "www.example=198.51.100.80",
      `many.example=${MANY.join()}`,
    );
    assertEquals(await server.line(), "answering for 2 names on port 53");
    for (const address of ADDRESSES) {
      // dig and kdig drop replies from other addresses than the destination.
      const one = await ask(lab.client, client, address, "www.example");
      assertEquals(one.addresses, ["198.51.100.80"], one.stdout);
      assertStringIncludes(
        await server.line(),
        ` queries ${address.replace("%eth0", "")}: "www.example"`,
      );

      const all = await ask(
        lab.client,
        client,
        address,
        "many.example",
        "+bufsize=4096",
      );
      assertEquals(all.addresses.toSorted(), MANY.toSorted(), all.stdout);
      assert(!all.flags.includes("tc"), all.stdout);
      await server.line();

      for (const size of ["+bufsize=512", "+bufsize=1232", "+noedns"]) {
        const cut = await ask(
          lab.client,
          client,
          address,
          "many.example",
          size,
        );
        assertEquals(cut.addresses, [], cut.stdout);
        assert(cut.flags.includes("tc"), cut.stdout);
        await server.line();
      }

      const none = await ask(lab.client, client, address, "nobody.example");
      assertEquals([none.status, none.addresses], ["NXDOMAIN", []]);
      await server.line();
    }
    const { code, stderr } = await server.stop();
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
  });
}
