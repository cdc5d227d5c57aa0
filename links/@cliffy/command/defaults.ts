// deno-lint-ignore-file no-explicit-any
// What every main command has by default: types, --version, --help.

import type { Command } from "./command.ts";
import { addOption } from "./definition.ts";
import { lineage } from "./lineage.ts";
import { BooleanType, IntegerType, NumberType, StringType } from "./type.ts";

/** The builtin types, --help and --version, on the main command. */
export function addDefaults(cmd: Command<any>): void {
  const main = cmd.getMainCommand();
  const { settings } = main;
  if (settings.hasDefaults) return;
  settings.hasDefaults = true;
  const types = {
    string: new StringType(),
    number: new NumberType(),
    integer: new IntegerType(),
    boolean: new BooleanType(),
  };
  for (const [name, handler] of Object.entries(types)) {
    if (settings.types.has(name)) continue;
    settings.types.set(name, { name, handler, global: true });
  }
  if (settings.version) {
    addOption(
      main,
      "-V, --version",
      "Show the version number for this program.",
      {
        standalone: true,
        prepend: true,
        action: function (this: Command<any>) {
          if (this.getRawArgs().includes("--version")) main.showLongVersion();
          else main.showVersion();
          exit(main);
        },
      },
    );
  }
  addOption(main, "-h, --help", "Show this help.", {
    standalone: true,
    global: true,
    prepend: true,
    action: function (this: Command<any>) {
      this.showHelp({ long: this.getRawArgs().includes("--help") });
      exit(this);
    },
  });
}

/** Ends the process, unless noExit() was called. */
export function exit(cmd: Command<any>): void {
  const exits = lineage(cmd).map(({ settings }) => settings.exits)
    .find((exits) => exits !== undefined);
  if (exits ?? true) Deno.exit(0);
}
