import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import * as z from 'zod';

const root = resolve(import.meta.dirname, '../../..');

const actionTable = z.record(
  z.string(),
  z.union([z.strictObject({ usecase: z.string() }), z.strictObject({ environment: z.string() })]),
);
const modules = [
  'Dispatch',
  'Wanted',
  'Order',
  'Share',
  'Reserve',
  'Batch',
  'Hedge',
  'Limits',
  'Budget',
  'Callback',
  'Correlation',
  'Commit',
  'Saga',
] as const;
const { notModelled, ...tables } = z
  .object({ notModelled: z.record(z.string(), z.string()) })
  .catchall(actionTable)
  .parse(JSON.parse(readFileSync(join(root, 'spec/actions.json'), 'utf8')));

function definition(text: string, name: string): string {
  return new RegExp(`^${name}(?:\\([^)]*\\))? +==([\\s\\S]*?)\\n(?=\\S|\\n)`, 'm').exec(text)?.[1] ?? '';
}

/** Names of the actions in Next; a name that only groups actions (Pass) is replaced by its members. */
function actionsOf(module: string): readonly string[] {
  const text = readFileSync(join(root, `spec/${module}.tla`), 'utf8');
  const groups = new Set(['Pass', 'Work', 'Run', 'Step', 'Advance', 'Node']);
  // Operators that say where an action's parameters come from.
  const notActions = new Set(['Succ', 'SUBSET']);
  const names = (body: string): readonly string[] =>
    [...body.replaceAll(/\\\* .*$/gm, '').matchAll(/(?<!\\)\b([A-Z][A-Za-z]+)\b(?= *(?:\(|\\\/|$))/gm)]
      .map((match) => match[1] ?? '')
      .filter((name) => !notActions.has(name))
      .flatMap((name) => (groups.has(name) ? names(definition(text, name)) : [name]));
  return [...new Set(names(definition(text, 'Next')))].sort();
}

/** Every file of this folder is a use case; the workflow's folder also holds the steps they share. */
function distributorUsecases(): readonly string[] {
  const folder = 'src/distributor/usecases';
  const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
  return files.filter((file) => file.endsWith('.ts')).map((file) => `${folder}/${file}`);
}

const modelled = Object.values(tables).flatMap((table) =>
  Object.values(table).flatMap((entry) => ('usecase' in entry ? [entry.usecase] : [])),
);

describe('the actions of the model', () => {
  it.each(modules)('are all in the table of %s, and nothing else is', (module) => {
    expect(actionsOf(module)).toEqual(Object.keys(tables[module] ?? {}).sort());
  });

  it('have a table for each module', () => {
    expect(Object.keys(tables)).toEqual(modules);
  });

  it('belong to use cases that exist', () => {
    const missing = [...new Set([...modelled, ...Object.keys(notModelled)])].filter(
      (file) => !existsSync(join(root, file)),
    );
    expect(missing).toEqual([]);
  });

  it('leave out a use case of the distributor only with a reason', () => {
    const known = new Set([...modelled, ...Object.keys(notModelled)]);
    expect(distributorUsecases().filter((file) => !known.has(file))).toEqual([]);
  });
});
