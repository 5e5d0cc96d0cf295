import type { Command } from 'commander';
import { CadreError } from '../../contracts/errors.ts';
import { runs } from '../command.ts';

/** `cadre completion SHELL` */
export function addCompletion(program: Command): void {
  program
    .command('completion <shell>')
    .summary('completion for bash, zsh or fish')
    .description('print the completion script for bash, zsh or fish')
    .addHelpText('after', '\nExamples:\n  $ source <(cadre completion bash)\n  $ cadre completion fish | source')
    .action(
      runs<[string]>(async ({ out }, shell) => {
        const script = scripts[shell];
        if (script === undefined)
          throw new CadreError('invalid-input', `no completion for ${shell}: use bash, zsh or fish`);
        const text = script(program.commands.map(describe));
        out.data({ shell, script: text }, () => text);
        return undefined;
      }),
    );
}

interface Described {
  readonly name: string;
  readonly description: string;
  readonly words: readonly string[];
}

function describe(command: Command): Described {
  const options = command.options.map((option) => option.long).filter((name) => name !== undefined);
  return {
    name: command.name(),
    description: command.description(),
    words: [...command.commands.map((sub) => sub.name()), ...options, '--json', '--help'],
  };
}

const scripts: Readonly<Record<string, (commands: readonly Described[]) => string>> = {
  bash: (commands) => `_cadre() {
  local current=\${COMP_WORDS[COMP_CWORD]}
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(' ')}" -- "$current"))
    return
  fi
  case \${COMP_WORDS[1]} in
${commands.map(({ name, words }) => `    ${name}) COMPREPLY=($(compgen -f -W "${words.join(' ')}" -- "$current")) ;;`).join('\n')}
  esac
}
complete -F _cadre cadre`,
  zsh: (commands) => `#compdef cadre
_cadre() {
  if (( CURRENT == 2 )); then
    local -a commands=(${commands.map(({ name, description }) => `'${name}:${description.replaceAll("'", "'\\''")}'`).join(' ')})
    _describe command commands
    return
  fi
  case $words[2] in
${commands.map(({ name, words }) => `    ${name}) compadd -- ${words.join(' ')}; _files ;;`).join('\n')}
  esac
}
compdef _cadre cadre`,
  fish: (commands) =>
    commands
      .flatMap(({ name, description, words }) => [
        `complete -c cadre -n __fish_use_subcommand -a ${name} -d '${description.replaceAll("'", "\\'")}'`,
        `complete -c cadre -n '__fish_seen_subcommand_from ${name}' -a '${words.join(' ')}'`,
      ])
      .join('\n'),
};
