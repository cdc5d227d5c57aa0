// The help of options is what their docstrings say.

import { assert, assertEquals } from "@std/assert";
import { helpModule } from "../../../docs/help.ts";
import { optionHelp } from "../../../lib/rtnetlink/kinds/help.ts";
import {
  KIND_NAMES,
  kindNamed,
  PORT_KIND_NAMES,
  portKind,
} from "../../../lib/rtnetlink/kinds/mod.ts";
import { SETTINGS } from "../../../lib/rtnetlink/settings.ts";
import { output } from "../../support/netns.ts";

const HELP = new URL("../../../lib/rtnetlink/kinds/help.ts", import.meta.url);

Deno.test("lib/rtnetlink/kinds/help.ts is current: deno task help", async () => {
  const { stdout } = await output(
    Deno.execPath(),
    ["fmt", "--ext=ts", "-"],
    { stdin: await helpModule() },
  );
  assertEquals(await Deno.readTextFile(HELP), stdout);
});

Deno.test("every option of a link has help", () => {
  const tables = [
    ...KIND_NAMES.map(kindNamed),
    ...PORT_KIND_NAMES.map((name) => portKind(name)!),
    { name: "link", options: SETTINGS },
  ];
  for (const { name, options } of tables) {
    for (const word of Object.keys(options)) {
      assert(optionHelp(name, word), `${name} ${word}`);
    }
  }
});
