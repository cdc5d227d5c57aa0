// netplumb completions: prints completion scripts, and candidates for them.

import { EnumType } from "@cliffy/command";
import { subcommand } from "../command.ts";
import { candidates } from "../completion/candidates.ts";
import { SCRIPTS, SHELLS } from "../completion/scripts.ts";
import { FILES } from "../completion/values.ts";
import { unquote } from "../completion/unquote.ts";
import { perform } from "../perform.ts";

export const completions = subcommand(
  "The script runs netplumb at each Tab, so interfaces, namespaces and addresses " +
    "are current. With words after --, print the candidates for the last word of " +
    "that command line.",
)
  .type("shell", new EnumType(SHELLS))
  .arguments("<shell:shell>", ["Shell of the script."])
  .example("Enable completion in bash", "source <(netplumb completions bash)")
  .example(
    "Install completion in fish",
    "netplumb completions fish > ~/.config/fish/completions/netplumb.fish",
  )
  .example(
    "Print the candidates of a command line",
    "netplumb completions bash -- send --",
  )
  .action(function (options, shell) {
    // Only zsh removes quotes itself.
    const literal = this.getLiteralArgs();
    const words = shell === "zsh" ? literal : literal.map(unquote);
    return perform(options, async ({ output }) => {
      if (words.length === 0) return output.line(SCRIPTS[shell].trimEnd());
      const found = await candidates(this.getMainCommand(), words);
      if (found === FILES) return output.line(":files");
      for (const { value, description } of found) {
        output.event(
          { value, description },
          () => description ? `${value}\t${description}` : value,
        );
      }
    });
  });
