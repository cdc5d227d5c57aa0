// Names of /etc/iproute2, of which a further file can give one a second number.

import { assertEquals } from "@std/assert";
import { run } from "../../../support/netns.ts";

Deno.test("a name with two numbers stands for the lowest, as with ip", async () => {
  const directory = await Deno.makeTempDir({ prefix: "netplumb-names-" });
  try {
    const names = new URL(
      "../../../../lib/rtnetlink/names/iproute2.ts",
      import.meta.url,
    );
    const script = `${directory}/script.ts`;
    await Deno.writeTextFile(
      script,
      `import { protocolName, protocolNumber } from ${
        JSON.stringify(names.href)
      };
      console.log(JSON.stringify([
        protocolNumber("static"), protocolName(4), protocolName(196),
      ]));`,
    );
    await Deno.mkdir(`${directory}/rt_protos.d`);
    await Deno.writeTextFile(
      `${directory}/rt_protos.d/frr.conf`,
      "196\tstatic\n",
    );
    const text = await run("unshare", [
      "--mount",
      "sh",
      "-c",
      'mount --bind "$1" /etc/iproute2 && exec "$2" run -A "$3"',
      "sh",
      directory,
      Deno.execPath(),
      script,
    ]);
    assertEquals(JSON.parse(text), [4, "static", "static"]);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
