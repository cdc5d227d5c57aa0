// A link that runs an XDP program, beside what `ip` says of it.

import { assert, assertEquals } from "@std/assert";
import { bpfProgram } from "../../../lib/rtnetlink/bpf_program.ts";
import { netplumb } from "../../support/command.ts";
import "../../support/descriptors.ts";
import { Lab } from "../../support/netns.ts";
import { attachXdp } from "../../support/xdp.ts";

Deno.test("netplumb show: an XDP program's name and tag are those of ip", async () => {
  await using lab = await Lab.open("ns");
  await lab.ns.batch(`
    link add eth0 type veth peer name eth1
    link set eth0 alias uplink
    link property add dev eth0 altname another-name
    address add 192.0.2.1/24 dev eth0`);
  await using _program = await attachXdp(lab.ns, "eth0", "let_pass");
  for (const object of ["link", "address"]) {
    for (const details of [false, true]) {
      const ours = ["show", object, "--dev", "eth0"];
      const theirs = [object, "show", "dev", "eth0"];
      if (details) {
        ours.push("--details");
        theirs.unshift("-d");
      }
      const json = await netplumb(lab.ns, ...ours, "--json");
      const [link] = JSON.parse(json.stdout);
      assertEquals(link.xdp.prog.name, "let_pass");
      assertEquals("load_time" in link.xdp.prog, details);
      assertEquals(
        json.stdout.trim(),
        JSON.stringify(await lab.ns.json(theirs.join(" "))),
      );
      const text = await netplumb(lab.ns, ...ours);
      const xdp = (text: string) =>
        text.split("\n").filter((line) => /xdp/.test(line))
          .map((line) => line.trim());
      assertEquals(xdp(text.stdout), xdp(await lab.ns.ip(theirs.join(" "))));
    }
  }
});

Deno.test("bpfProgram() knows no program that is not there", () => {
  assertEquals(bpfProgram(0), undefined);
  assert(bpfProgram(0x7fffffff) === undefined);
});
