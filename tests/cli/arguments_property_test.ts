// Any text for any type of argument: a value of its kind, or a refusal that
// names the argument, and nothing else.

import { assert, assertEquals } from "@std/assert";
import { ValidationError } from "@cliffy/command";
import fc from "fast-check";
import * as types from "../../cli/arguments.ts";
import { ArgumentError } from "../../lib/errors.ts";

type Type = (given: {
  label: string;
  type: string;
  name: string;
  value: string;
}) => unknown;

const TYPES: Readonly<Record<string, Type>> = {
  word: types.word,
  number: types.wholeNumber(1, 1024),
  port: types.port,
  remotePort: types.remotePort,
  count: types.count,
  duration: types.duration,
  address: types.address,
  host: types.host,
  cidr: types.cidr,
  network: types.network,
  interfaceName: types.interfaceName,
  linkName: types.linkName,
  interfacePattern: types.interfacePattern,
  file: types.file,
};

/** Text near what is right, and text of every kind. */
const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: fc.constantFrom(..."0123456789abcdef:.%/-+eExms ") }),
  fc.tuple(fc.ipV4(), fc.nat(40)).map(([ip, bits]) => `${ip}/${bits}`),
  fc.tuple(fc.ipV6(), fc.nat(140)).map(([ip, bits]) => `${ip}/${bits}`),
  fc.ipV4(),
  fc.ipV6(),
  fc.integer().map(String),
  fc.double().map(String),
);

const given = (label: string, value: string) => ({
  label,
  type: "any",
  name: "it",
  value,
});

for (const [name, type] of Object.entries(TYPES)) {
  Deno.test(`arguments: ${name} takes or refuses any text`, () => {
    fc.assert(
      fc.property(
        fc.constantFrom("Argument", "Option"),
        text,
        (label, value) => {
          try {
            const taken = type(given(label, value));
            if (typeof taken === "number") {
              assert(Number.isFinite(taken) && taken >= 0, `${taken}`);
            } else assertEquals(taken, value);
          } catch (error) {
            assert(
              error instanceof ArgumentError ||
                error instanceof ValidationError,
              `${error}`,
            );
            assert(error.message.length > 0);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
}

Deno.test("arguments: every right value is taken as it is", () => {
  fc.assert(
    fc.property(
      fc.nat(65535),
      fc.ipV4(),
      fc.ipV6(),
      fc.nat(32),
      fc.nat(128),
      (port, four, six, bits4, bits6) => {
        assertEquals(types.port(given("Option", `${port}`)), port);
        for (const [ip, bits] of [[four, bits4], [six, bits6]] as const) {
          assertEquals(types.address(given("Option", ip)), ip);
          const cidr = `${ip}/${bits}`;
          assertEquals(types.cidr(given("Option", cidr)), cidr);
        }
        assertEquals(
          types.duration(given("Option", `${port + 1}ms`)),
          port + 1,
        );
      },
    ),
  );
});
