// netplumb completions: the script for a shell, and what that script asks for.

import { EnumType } from "@cliffy/command";
import { subcommand } from "../command.ts";
import { candidates } from "../completion/candidates.ts";
import { SCRIPTS, SHELLS } from "../completion/scripts.ts";
import { FILES } from "../completion/values.ts";
import { unquote } from "../completion/unquote.ts";
import { perform } from "../perform.ts";

export const completions = subcommand(
  "The script asks netplumb itself at every press of Tab, so interfaces, " +
    "namespaces and addresses are those of the moment. Words after -- are " +
    "taken for a command line, and what its last word could become is printed.",
)
  .type("shell", new EnumType(SHELLS))
  .arguments("<shell:shell>", ["The shell the script is for."])
  .example("Now, in bash", "source <(netplumb completions bash)")
  .example(
    "For good, in fish",
    "netplumb completions fish > ~/.config/fish/completions/netplumb.fish",
  )
  .example("See what Tab would offer", "netplumb completions bash -- send --")
  .action(function (options, shell) {
    // Only zsh takes the quotes off itself.
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
