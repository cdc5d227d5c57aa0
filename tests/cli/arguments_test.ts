// What the types of arguments take and how they refuse.

import { ValidationError } from "@cliffy/command";
import {
  address,
  cidr,
  count,
  duration,
  interfaceName,
  MistypedOption,
  port,
  remotePort,
  wholeNumber,
  word,
} from "../../cli/arguments.ts";
import { suggest } from "../../cli/suggest.ts";
import { ArgumentError } from "../../lib/errors.ts";
import { assertEquals, assertInstanceOf, assertThrows } from "@std/assert";

const option = (value: string) => ({
  label: "Option",
  type: "any",
  name: "--it",
  value,
});

function refuses(
  type: (given: ReturnType<typeof option>) => unknown,
  values: string[],
  expected: string,
): void {
  for (const value of values) {
    const error = assertThrows(() => type(option(value)), ArgumentError);
    assertEquals(
      error.message,
      `--it: ${JSON.stringify(value)} is not ${expected}`,
    );
  }
}

Deno.test("whole numbers are decimal digits within bounds", () => {
  assertEquals(port(option("0")), 0);
  assertEquals(port(option("65535")), 65535);
  refuses(
    port,
    ["65536", "-1", "", " 1", "1 ", "0x10", "1e3", "1.0", "+1", "١"],
    "a whole number from 0 to 65535",
  );
  refuses(remotePort, ["0"], "a whole number from 1 to 65535");
  refuses(count, ["0", "9007199254740993"], "a whole number from 1 up");
  assertEquals(wholeNumber(-5, 5)(option("-5")), -5);
});

Deno.test("times are seconds or carry a unit, and are above zero", () => {
  for (
    const [text, milliseconds] of [
      ["5", 5000],
      ["0.5", 500],
      ["500ms", 500],
      ["10s", 10_000],
      ["2m", 120_000],
      ["1h", 3_600_000],
    ] as const
  ) assertEquals(duration(option(text)), milliseconds);
  refuses(
    duration,
    ["0", "0s", "-1", "", "s", "5 s", "5d", "1e3", ".5", "9".repeat(400)],
    "a time such as 5, 0.5, 500ms, 10s, 2m or 1h",
  );
});

Deno.test("addresses and names are judged by the library, in the option's name", () => {
  assertEquals(address(option("fe80::1%eth0")), "fe80::1%eth0");
  assertEquals(cidr(option("192.0.2.1/24")), "192.0.2.1/24");
  assertEquals(interfaceName(option("eth0")), "eth0");
  for (
    const [type, value] of [
      [address, "1.2.3"],
      [cidr, "192.0.2.1/33"],
      [interfaceName, "sixteen-letters!"],
    ] as const
  ) {
    const error = assertThrows(() => type(option(value)), ArgumentError);
    assertEquals(error.argument, "--it");
    assertEquals(error.value, value);
  }
});

Deno.test("a mistyped option is no argument, a dash alone is", () => {
  const argument = (value: string) => ({ ...option(value), label: "Argument" });
  assertEquals(word(argument("-")), "-");
  assertEquals(word(argument("a-b")), "a-b");
  assertEquals(word(option("--any")), "--any");
  for (const value of ["--prot", "--prot=5", "-x"]) {
    const { cause } = assertThrows(
      () => word(argument(value)),
      ValidationError,
    );
    assertInstanceOf(cause, MistypedOption);
    assertEquals(cause.typed, value.split("=")[0]);
  }
});

Deno.test("only a near word is suggested", () => {
  const known = ["--port", "--bind", "-p"];
  assertEquals(suggest("--prot", known), "--port");
  assertEquals(suggest("--bnd", known), "--bind");
  assertEquals(suggest("--completely-else", known), undefined);
  assertEquals(suggest("--x", []), undefined);
});
