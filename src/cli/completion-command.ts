import { Argument, Command } from "@commander-js/extra-typings";
import type { Context } from "./context.ts";

const EXAMPLES = `
Completes commands, options, and what is in the index: branches, models, and the ids of runs and commits.

Examples:
  source <(stemma completion bash)                 in ~/.bashrc
  source <(stemma completion zsh)                  in ~/.zshrc, after compinit
  stemma completion fish > ~/.config/fish/completions/stemma.fish`;

/** readline takes the part after an @, : or = for the word, so what stands before it must not be in the answers. */
const BASH = [
  "_stemma() {",
  '  local line="${COMP_LINE:0:COMP_POINT}" words=() word kept reply',
  '  read -ra words <<< "$line"',
  '  [[ $line == *[[:space:]] ]] && words+=("")',
  '  word="${words[${#words[@]}-1]}"',
  '  kept="${word%"${word##*[@:=]}"}"',
  "  COMPREPLY=()",
  "  while IFS=$'\\t' read -r reply _; do",
  '    COMPREPLY+=("${reply#"$kept"}")',
  '  done < <(stemma complete -- "${words[@]:1}" 2>/dev/null)',
  "}",
  "complete -o default -F _stemma stemma",
];

const ZSH = [
  "#compdef stemma",
  "_stemma() {",
  "  local -a found",
  '  found=(${(f)"$(stemma complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)"})',
  "  if (( ${#found} )); then compadd -- ${found%%$'\\t'*}; else _files; fi",
  "}",
  "compdef _stemma stemma",
];

const FISH = ["complete -c stemma -a '(stemma complete -- (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'"];

const SCRIPTS = { bash: BASH, zsh: ZSH, fish: FISH } as const;

/** `stemma completion`: what makes a shell complete commands and names. */
export function completionCommand(context: Context) {
  return new Command("completion")
    .description("Print what makes a shell complete commands, options and names")
    .addArgument(new Argument("<shell>", "which shell").choices(["bash", "zsh", "fish"]))
    .addHelpText("after", EXAMPLES)
    .action((shell) => context.out(`${SCRIPTS[shell].join("\n")}\n`));
}
