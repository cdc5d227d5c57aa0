// The systemd units of docs/deployment.md, and its container.

import { assertEquals } from "@std/assert";
import manifest from "../../deno.json" with { type: "json" };
import { output } from "../support/netns.ts";
import { blocks } from "./blocks.ts";

const page = await Deno.readTextFile(
  new URL("../../docs/deployment.md", import.meta.url),
);

Deno.test("docs/deployment.md: systemd accepts the units", async () => {
  const directory = await Deno.makeTempDir({ prefix: "netplumb-units-" });
  try {
    const files = [];
    for (const { language, text } of blocks(page)) {
      if (language !== "ini") continue;
      const [, name] = /^# \/etc\/systemd\/system\/(\S+)$/m.exec(text)!;
      files.push(`${directory}/${name}`);
      // systemd-analyze wants the program to exist.
      // systemd 252 of Debian does not know notify-reload.
      const unit = text.replaceAll("/usr/local/bin/netplumb", Deno.execPath())
        .replace("Type=notify-reload", "Type=notify");
      await Deno.writeTextFile(files.at(-1)!, unit);
    }
    assertEquals(files.length, 3);
    assertEquals(
      await output("systemd-analyze", ["verify", "--man=no", ...files], {
        env: { SYSTEMD_UNIT_PATH: `${directory}:/lib/systemd/system` },
      }),
      { code: 0, stdout: "", stderr: "" },
    );
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("docs/deployment.md: the image is made from the npm package of this version", () => {
  const [dockerfile] = blocks(page).filter(({ language }) =>
    language === "dockerfile"
  );
  const names = [...dockerfile.text.matchAll(/netplumb-[\d.]+\.tgz/g)];
  assertEquals(
    new Set(names.map(([name]) => name)),
    new Set([`netplumb-${manifest.version}.tgz`]),
  );
});
