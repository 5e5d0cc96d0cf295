import { describe, expect, it } from '@jest/globals';
import type { Command } from 'commander';
import { createProgram, plainWords } from '../../../src/cli/main.ts';
import { pageSizeDefault } from '../../../src/contracts/api.ts';

/** A command and all below it. */
function tree(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(tree)];
}

function nameOf(command: Command): string {
  return command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`;
}

function helpOf(command: Command): string {
  let shown = '';
  command.configureOutput({ writeOut: (part) => void (shown += part) }).outputHelp();
  return shown;
}

/** The words of each `cadre` in a line of shell; what stands behind two spaces is a remark. */
function cadreCommands(line: string): readonly (readonly string[])[] {
  const plain = line.replace(/ {2,}.*$/, '').replace(/^npm start( --)?/, 'cadre start');
  const commands: string[][] = [[]];
  for (const [word] of plain.matchAll(/'[^']*'|"[^"]*"|&&|[|>)]|<\(|[^\s'"|>()]+/g)) {
    if (/^(?:&&|[|>)]|<\()$/.test(word)) commands.push([]);
    else commands.at(-1)?.push(word.replace(/^(['"])(.*)\1$/, '$2'));
  }
  return commands.filter(([program]) => program === 'cadre').map(([, ...words]) => words);
}

/** The name of the command that would run. Throws what is wrong with the words; nothing runs. */
function parsed(words: readonly string[]): string {
  const program = createProgram();
  for (const command of tree(program)) {
    const refuse = (error: Error) => {
      throw error;
    };
    command.exitOverride(refuse).configureOutput({ outputError: () => undefined });
  }
  for (const word of words) if (/^[[{]/.test(word)) JSON.parse(word);
  let found: Command | undefined;
  program.hook('preAction', (_program, command) => {
    found = command;
    throw new Error('it would run now');
  });
  try {
    program.parse(plainWords(words, program), { from: 'user' });
  } catch (error) {
    if (found === undefined) throw error;
  }
  return found === undefined ? '' : nameOf(found);
}

describe('the help', () => {
  it.each(tree(createProgram()).map((command) => [nameOf(command), command] as const))(
    'of %s has a description and examples of it, which the command line takes',
    (name, command) => {
      const help = helpOf(command);
      const examples = [...help.matchAll(/^ {2}\$ (?<line>.+)$/gm)].map(({ groups }) => groups?.['line'] ?? '');
      expect(command.description()).not.toBe('');
      expect(help).toContain(examples.length === 1 ? '\nExample:\n' : '\nExamples:\n');
      const commands = examples.flatMap(cadreCommands).map(parsed);
      expect(commands).toContainEqual(expect.stringMatching(new RegExp(`^${name}( |$)`)));
    },
  );

  it('tells which options are required, and what listings take when nothing is said', () => {
    const [drain, tasks] = ['cadre agents drain', 'cadre tasks'].map((name) =>
      helpOf(tree(createProgram()).find((command) => nameOf(command) === name) ?? createProgram()),
    );
    expect(drain).toMatch(/--reason <text> .*\(required\)$/m);
    expect(tasks).toContain(`(default: ${pageSizeDefault})`);
  });

  it.each([
    ['tasks --colour', "unknown option '--colour'"],
    ['workflows pause', "missing required argument 'id'"],
    ['workflows pause one two', 'too many arguments'],
    ['agents drain reader-1', "required option '--reason <text>' not specified"],
    ['locks acquire a --ttl 60', 'a time with its unit'],
    ['locks acquire a --ttl 2d', 'from 1s to 1d'],
    ['policies put routing.json --canary 2', 'a number from 0.01 to 0.9'],
    ['policies rollback latest', 'a whole number, 1 or more'],
    ['context snapshots rewind before --newer drop', 'Allowed choices are keep, delete'],
    ["context search leases --from 'last week'", 'a time such as'],
    ['statsu', "unknown command 'statsu'"],
  ])('has no example such as `cadre %s`, which would be found out', (line, said) => {
    expect(() => cadreCommands(`cadre ${line}`).map(parsed)).toThrow(said);
  });
});
