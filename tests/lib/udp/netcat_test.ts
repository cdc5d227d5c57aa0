// netcat-openbsd as a client: it connects its socket and receives only from the
// destination.

import { assertEquals } from "@std/assert";
import { FOUR, LINK_LOCAL, SIX, UdpLab } from "../../support/udp_lab.ts";

/** What nc prints of the first answer that reaches it. */
async function netcat(lab: UdpLab, ...args: string[]): Promise<string> {
  const how = ["-u", "-W", "1", "-w", "10"];
  return await lab.client.run("nc", [...how, ...args], { stdin: "question" });
}

Deno.test("netcat receives the reply from every address that it sends to", async () => {
  await using lab = await UdpLab.open();
  const server = lab.bind();
  const port = String(server.address.port);
  for (const queried of [...FOUR, ...SIX, `${LINK_LOCAL}%wire`]) {
    const requesting = netcat(lab, queried, port);
    const question = await server.receive({ timeout: 5000 });
    await server.reply(question, `this is ${queried}`);
    assertEquals(await requesting, `this is ${queried}`);
    assertEquals(new TextDecoder().decode(question.data), "question");
  }
});

Deno.test("netcat does not hear an answer that leaves from another address", async () => {
  await using lab = await UdpLab.open();
  const server = lab.bind({ packetInfo: false });
  const requesting = netcat(lab, FOUR[1], String(server.address.port));
  const question = await server.receive({ timeout: 5000 });
  await server.reply(question, "from the routes");
  await server.send("from there", question.peer, { source: FOUR[1] });
  assertEquals(await requesting, "from there");
});

Deno.test("netcat as a server: its replies come from the destination address", async () => {
  await using lab = await UdpLab.open();
  const client = lab.bind({}, "client");
  for (const queried of [FOUR[0], SIX[1]]) {
    const nc = lab.server.spawn(
      "sh",
      ["-c", `echo answer | nc -u -l -W 1 -w 10 ${queried} 7000`],
      { stdout: "piped" },
    );
    // nc does not report that it listens: its reply shows it.
    const answer = client.receive({ timeout: 5000 });
    const to = { address: queried, port: 7000 };
    const requesting = setInterval(() => client.send("question", to), 10);
    const { peer, data } = await answer;
    clearInterval(requesting);
    assertEquals(peer, to);
    assertEquals(new TextDecoder().decode(data), "answer\n");
    await nc.output();
  }
});
