// The SVG files in docs/pictures/, and the conversion of terminal output to SVG.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { readScreen, terminalSvg } from "../../docs/pictures/terminal_svg.ts";
import { output } from "../support/netns.ts";

const PICTURES = new URL("../../docs/pictures/", import.meta.url);

/** The text elements of an SVG with their positions, read by an XML parser. */
const WORDS = `
import sys, xml.dom.minidom
document = xml.dom.minidom.parse(sys.stdin)
for text in document.getElementsByTagName("text"):
  print(text.getAttribute("x"), text.getAttribute("textLength"), text.firstChild.data)
`;

async function words(svg: string): Promise<string[]> {
  const { code, stdout, stderr } = await output("python3", ["-c", WORDS], {
    stdin: svg,
  });
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  return stdout.trimEnd().split("\n");
}

Deno.test("styles of a screen continue on the next line", () => {
  const style = { color: undefined, bold: false, dim: false, inverse: false };
  assertEquals(
    readScreen("\x1b[1mone\x1b[0;2m two\n\x1b[32mthree\x1b[7;39mx\x1b[m\n\n"),
    [
      [{ ...style, bold: true, text: "one" }, {
        ...style,
        dim: true,
        text: " two",
      }],
      [
        { ...style, dim: true, color: 2, text: "three" },
        { ...style, dim: true, inverse: true, text: "x" },
      ],
    ],
  );
});

Deno.test("the SVG has the text of the screen, column by column", async () => {
  const svg = terminalSvg("a <b> & \x1b[31m  red   far\x1b[m", "a & b", 40);
  assertEquals(await words(svg), [
    "16.0 58.8 a <b> &",
    "100.0 25.2 red",
    "150.4 25.2 far",
  ]);
  assertStringIncludes(svg, "<title>a &#38; b</title>");
});

for (const { name } of [...Deno.readDirSync(PICTURES)]) {
  if (!name.endsWith(".svg")) continue;
  Deno.test(`docs/pictures/${name} is valid SVG with text`, async () => {
    const svg = await Deno.readTextFile(new URL(name, PICTURES));
    assertStringIncludes((await words(svg)).join("\n"), "br0");
  });
}
