// netcat-openbsd asks: it connects its socket and so hears nobody but whom it
// asked.

import { assertEquals } from "@std/assert";
import { FOUR, LINK_LOCAL, SIX, UdpLab } from "../../support/udp_lab.ts";

/** What nc prints of the first answer that reaches it. */
async function netcat(lab: UdpLab, ...args: string[]): Promise<string> {
  const how = ["-u", "-W", "1", "-w", "10"];
  return await lab.client.run("nc", [...how, ...args], { stdin: "question" });
}

Deno.test("netcat hears the answer from every address it asks", async () => {
  await using lab = await UdpLab.open();
  const server = lab.bind();
  const port = String(server.address.port);
  for (const asked of [...FOUR, ...SIX, `${LINK_LOCAL}%wire`]) {
    const asking = netcat(lab, asked, port);
    const question = await server.receive({ timeout: 5000 });
    await server.reply(question, `this is ${asked}`);
    assertEquals(await asking, `this is ${asked}`);
    assertEquals(new TextDecoder().decode(question.data), "question");
  }
});

Deno.test("netcat does not hear an answer that leaves from another address", async () => {
  await using lab = await UdpLab.open();
  const server = lab.bind({ packetInfo: false });
  const asking = netcat(lab, FOUR[1], String(server.address.port));
  const question = await server.receive({ timeout: 5000 });
  await server.reply(question, "from the routes");
  await server.send("from there", question.peer, { source: FOUR[1] });
  assertEquals(await asking, "from there");
});

Deno.test("netcat as a server: what it answers comes from where it was asked", async () => {
  await using lab = await UdpLab.open();
  const client = lab.bind({}, "client");
  for (const asked of [FOUR[0], SIX[1]]) {
    const nc = lab.server.spawn(
      "sh",
      ["-c", `echo answer | nc -u -l -W 1 -w 10 ${asked} 7000`],
      { stdout: "piped" },
    );
    // Nothing tells when nc listens: its answer does.
    const answer = client.receive({ timeout: 5000 });
    const to = { address: asked, port: 7000 };
    const asking = setInterval(() => client.send("question", to), 10);
    const { peer, data } = await answer;
    clearInterval(asking);
    assertEquals(peer, to);
    assertEquals(new TextDecoder().decode(data), "answer\n");
    await nc.output();
  }
});
