import { writeFileSync } from 'node:fs';
import type { Commit } from '../../src/platform/twin/dynamodb/store.ts';
import { mutants } from '../simulation/mutants.ts';
import { runSeed } from '../simulation/world.ts';

/**
 * `node test/golden/record.ts MUTANT NAME`: finds the first seed that a mutant breaks and keeps the history of the row it broke, commit by commit, as
 * test/golden/NAME.json. The oracles must see the same broken promise in it for ever, whatever becomes of the code.
 */
const kept = ['pk', 'sk', 'task_id', 'status', 'attempt', 'assigned_agent', 'pool', 'gsi1pk', 'gsi1sk', 'output', 'workflow_id', 'seq', 'nodes', 'agent_id', 'capacity', 'holds', 'draining'];

type Row = Readonly<Record<string, unknown>>;

function trim(row: Row | undefined, about: string): Row | undefined {
  if (row === undefined) return undefined;
  const entries = kept.flatMap((name) => (row[name] === undefined ? [] : [[name, row[name]] as const]));
  const holds = Object.entries((row['holds'] ?? {}) as Row).filter(([key]) => key.startsWith(about));
  return { ...Object.fromEntries(entries), ...(row['holds'] === undefined ? {} : { holds: Object.fromEntries(holds) }) };
}

function concerns(row: Row | undefined, about: string): boolean {
  if (row === undefined) return false;
  const { sk, task_id, workflow_id, holds } = row;
  if (typeof sk === 'string' && sk.startsWith('AGENT#')) return Object.keys((holds ?? {})).some((key) => key.startsWith(about));
  return task_id === about || workflow_id === about;
}

const [mutantName, name] = process.argv.slice(2);
const mutant = mutants.find((each) => each.name === mutantName);
if (mutant === undefined || name === undefined) throw new Error('Usage: node test/golden/record.ts MUTANT NAME');
for (let seed = 1; seed <= 400; seed += 1) {
  const commits: Commit[] = [];
  const { violations } = await runSeed(seed, mutant, { onCommit: (commit) => commits.push(commit) });
  const [broken] = violations;
  // What a row's own history shows; that something never ended is not in it.
  if (broken === undefined || !/^(NoZombieWin|OneEffect|DoneIsFinal|NodeEndsAreFinal|FenceMonotone|VersionsUnbroken|NoBlindHeadWrite)$/.test(broken.promise)) continue;
  const about = /^[\w:]+/.exec(broken.detail)?.[0].replace(/:$/, '') ?? '';
  const history = commits
    .filter(({ changes }) => changes.some(({ before, after }) => concerns(before, about) || concerns(after, about)))
    .map(({ at, command, changes }) => ({
      at,
      command,
      changes: changes
        .filter(({ before, after }) => concerns(before, about) || concerns(after, about))
        .map(({ before, after }) => ({ before: trim(before, about), after: trim(after, about) })),
    }));
  const file = new URL(`${name}.json`, import.meta.url);
  writeFileSync(file, `${JSON.stringify({ mistake: mutant.mistake, seed, promise: broken.promise, detail: broken.detail, history }, null, 1)}\n`);
  console.log(`${name}: seed ${seed}, ${broken.promise}, ${history.length} commits`);
  break;
}
