// The completion scripts of the shells. They run `netplumb completions SHELL --`
// for the candidates.

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = typeof SHELLS[number];

// Candidates contain untrusted names (an interface can be named `$(reboot)`): bash
// inserts them quoted, and compgen -W, which would expand them, is not used.
const bash = `# netplumb: completion for bash
#   source <(netplumb completions bash)

_netplumb() {
  local line=$COMP_LINE rest word index words=() current value quoted
  # Bash splits "--bind=fe80::1" into five words; rejoin them.
  for ((index = 0; index <= COMP_CWORD; index++)); do
    word=\${COMP_WORDS[index]}
    rest=\${line#"\${line%%[![:space:]]*}"}
    if [[ \${#words[@]} -eq 0 || $rest != "$line" ]]; then
      words+=("$word")
    else
      words[\${#words[@]} - 1]+=$word
    fi
    line=\${rest#"$word"}
  done
  current=\${words[\${#words[@]} - 1]}
  # Readline replaces only the text after the last of these.
  current=\${current%"\${current##*[=:]}"}
  COMPREPLY=()
  while IFS=$'\\t' read -r value _; do
    if [[ $value == :files ]]; then
      compopt -o default
      return
    fi
    printf -v quoted %q "\${value#"$current"}"
    COMPREPLY+=("$quoted")
  done < <("\${words[0]}" completions bash -- "\${words[@]:1}" 2>/dev/null)
}

complete -o nosort -F _netplumb netplumb
`;

const zsh = `#compdef netplumb
# netplumb: completion for zsh
#   source <(netplumb completions zsh)
# or save it as _netplumb in a directory of $fpath

_netplumb() {
  local line value
  local -a values shown
  while IFS= read -r line; do
    value=\${line%%$'\\t'*}
    if [[ $value == :files ]]; then
      _files
      return
    fi
    values+=("$value")
    if [[ $line == *$'\\t'* ]]; then
      shown+=("\${(r:22:)value}  \${line#*$'\\t'}")
    else
      shown+=("$value")
    fi
  done < <("\${(Q)words[1]}" completions zsh -- \\
    "\${(@Q)words[2,CURRENT-1]}" "\${(Q)PREFIX}" 2>/dev/null)
  (( $#values )) && compadd -l -V netplumb -d shown -a values
}

if [[ $funcstack[1] == _netplumb ]]; then
  _netplumb "$@"
else
  compdef _netplumb netplumb
fi
`;

const fish = `# netplumb: completion for fish
#   netplumb completions fish | source
# or save it as ~/.config/fish/completions/netplumb.fish

function __netplumb_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    for line in ($words[1] completions fish -- $words[2..] "$current" 2>/dev/null)
        if test "$line" = :files
            __fish_complete_path "$current"
            return
        end
        printf '%s\\n' $line
    end
end

complete -c netplumb -f -k -a '(__netplumb_complete)'
`;

export const SCRIPTS: Readonly<Record<Shell, string>> = { bash, zsh, fish };
