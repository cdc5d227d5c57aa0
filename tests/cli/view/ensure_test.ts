// netplumb view --ensure: what the page and /metrics report of a configuration.

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { TestBrowser } from "../../support/browser.ts";
import { netplumb } from "../../support/command.ts";
import { Lab } from "../../support/netns.ts";
import { ViewServer } from "./serve.ts";

Deno.test("view --ensure shows wants, corrections and conflicts", async () => {
  await using lab = await Lab.open("here");
  const { here } = lab;
  const file = await Deno.makeTempFile({ suffix: ".json" });
  const link = { name: "br7", kind: "bridge", up: true, mtu: 1400 };
  await Deno.writeTextFile(
    file,
    JSON.stringify({ namespaces: { [here.name]: { links: [link] } } }),
  );
  try {
    await using browser = await TestBrowser.open();
    await using server = await ViewServer.open([here], "--ensure", file);
    assertEquals((await here.json("link show br7"))[0].mtu, 1400);
    const { page, errors } = await browser.page(server.url);
    const ensure = page.locator("#ensure");
    await ensure.getByText("The network is as configured, 0 corrections")
      .waitFor();
    await ensure.locator("summary").click();
    await ensure.getByText("link br7 (bridge)").waitFor();

    await here.ip("link set br7 mtu 1300");
    await page.locator("#events li", { hasText: "change link br7" }).waitFor();
    await ensure.getByText(", 1 correction").waitFor();
    assertEquals((await here.json("link show br7"))[0].mtu, 1400);
    const metrics = await (await fetch(`${server.url}metrics`)).text();
    assertMatch(metrics, /^netplumb_ensure_corrections_total 1$/m);

    // Another program keeps undoing it.
    const problem = ensure.locator("li", { hasText: "conflict" });
    while (await problem.count() === 0) {
      await here.ip("link set br7 mtu 1300");
      while ((await here.json("link show br7"))[0].mtu === 1300) {
        if (await problem.count() > 0) break;
      }
    }
    await ensure.getByText("1 problem").waitFor();
    assertEquals(errors, []);
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("view --ensure fails if the configuration is not applied", async () => {
  const file = await Deno.makeTempFile({ suffix: ".json" });
  try {
    await Deno.writeTextFile(file, '{ "link": [] }');
    const { code, stderr } = await netplumb(
      undefined,
      "view",
      "--ensure",
      file,
    );
    assertEquals(code, 2, stderr);
    assertStringIncludes(stderr, "link");
  } finally {
    await Deno.remove(file);
  }
});
