/**
 * Screenshots of `netplumb view`, light and dark, with examples/lab.yaml: part of
 * `deno task pictures`. Its namespaces are created and deleted.
 *
 * @module
 */

import { ViewServer } from "../../tests/cli/view/serve.ts";
import { TestBrowser } from "../../tests/support/browser.ts";
import { denoRun } from "../../tests/support/command.ts";
import { Netns, run } from "../../tests/support/netns.ts";

const LAB = new URL("../../examples/lab.yaml", import.meta.url).pathname;
const HERE = new URL("./", import.meta.url);

/** The page of `netplumb view` with examples/lab.yaml, light and dark. */
export async function photographView(): Promise<void> {
  const names = ["switch", "one", "two"];
  await run(Deno.execPath(), [...denoRun(), "ensure", "--once", LAB]);
  try {
    await using server = await ViewServer.open(
      names.map((name) => new Netns(name)),
    );
    await using browser = await TestBrowser.open();
    await using _traffic = {
      child: new Netns("one").spawn("ping", [
        ..."-q -i 0.01 -s 1200 -w 60 192.0.2.12".split(" "),
      ], { stdout: "null" }),
      async [Symbol.asyncDispose]() {
        this.child.kill();
        await this.child.status;
      },
    };
    for (const scheme of ["light", "dark"] as const) {
      const { page } = await browser.page(server.url, scheme);
      await page.locator("#topology .is-busy").nth(3).waitFor();
      await page.locator("#links td", { hasText: /^port1$/ }).click();
      await page.locator("#details .tree").first().waitFor();
      await run("ip", ["-n", "two", "link", "set", "eth0", "mtu", "1400"]);
      await page.locator("#topology .is-problem").first().waitFor();
      await page.waitForTimeout(8000);
      await run("ip", ["-n", "two", "link", "set", "eth0", "mtu", "1500"]);
      await page.locator("#topology .is-problem").first()
        .waitFor({ state: "detached" });
      await page.waitForTimeout(500);
      const path = new URL(`view-${scheme}.png`, HERE).pathname;
      await page.screenshot({ path });
      await page.close();
    }
  } finally {
    for (const name of names) await run("ip", ["netns", "delete", name]);
  }
}

if (import.meta.main) await photographView();
