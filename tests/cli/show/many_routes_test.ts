// `show route` of tables in which most routes are alike, compared with `ip`.

import { assertEquals } from "@std/assert";
import { netplumb } from "../../support/command.ts";
import { Lab } from "../../support/netns.ts";

const ROUTES = 4000;

function routes(line: (index: number) => string): string {
  return Array.from({ length: ROUTES }, (_, index) => line(index)).join("\n");
}

Deno.test("show route --json: thousands that differ in little", async () => {
  await using lab = await Lab.open("here");
  const { here } = lab;
  await here.batch(`
    link add eth0 type veth peer name eth1
    link set eth0 up
    link set eth1 up
    address add 192.0.2.1/24 dev eth0
    address add 2001:db8::1/64 dev eth0 nodad
    ${
    routes((i) =>
      `route add 10.${i >> 8}.${i & 255}.0/${i % 7 ? 24 : 25} \
via 192.0.2.${2 + i % 3} dev eth0 ${i % 5 ? "" : `metric ${i % 4 + 1}`}`
    )
  }
    ${
    routes((i) =>
      `route add 2001:db8:${(i + 1).toString(16)}::/${i % 3 ? 48 : 64} \
via 2001:db8::${2 + i % 3} dev eth0`
    )
  }`);
  for (const family of ["-4", "-6"]) {
    const { code, stdout } = await netplumb(
      here,
      ...`show route ${family} --json`.split(" "),
    );
    assertEquals(code, 0);
    assertEquals(JSON.parse(stdout), await here.json(`${family} route`));
  }
});
