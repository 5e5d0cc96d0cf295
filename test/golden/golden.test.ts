import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { Commit } from '../../src/platform/twin/dynamodb/store.ts';
import type { WorkflowEventRow } from '../../src/contracts/workflow/rows.ts';
import type { WorkflowDefinition } from '../../src/contracts/workflow/workflow.ts';
import { createOracles } from '../simulation/oracles.ts';
import { checkTries } from '../simulation/tries-oracle.ts';

interface Golden {
  readonly mistake: string;
  readonly promise: string;
  readonly history: readonly Commit[];
}

const folder = new URL('./', import.meta.url);
const names = readdirSync(folder).filter((name) => name.endsWith('.json'));

/** The rows as they stand while a history is played. */
function playedRows() {
  const rows = new Map<string, Readonly<Record<string, unknown>>>();
  return {
    rows,
    play: ({ changes }: Commit): void => {
      for (const { before, after } of changes) {
        const row = after ?? before;
        const key = `${String(row?.['pk'])} ${String(row?.['sk'])}`;
        if (after === undefined) rows.delete(key);
        else rows.set(key, after);
      }
    },
  };
}

describe('the recorded histories of mistakes', () => {
  it('are there', () => expect(names.length).toBeGreaterThanOrEqual(3));

  it.each(names)('%s is still seen for what it is', (name) => {
    const golden = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Golden;
    const { rows, play } = playedRows();
    const oracles = createOracles({
      peek: (pk, sk) => rows.get(`${pk} ${sk}`),
      agents: () => [...rows.values()].filter((row) => String(row['sk']).startsWith('AGENT#')),
      isDisturbed: () => false,
    isShared: () => false,
      isRead: () => true,
      isLookedAt: () => false,
      hasPolicy: false,
      isDivided: () => false,
      hasFailed: () => false,
    slots: 0,
      isRevived: () => false,
      submittedAs: () => undefined,
      lastFaultAt: () => 0,
      definitionOf: () => undefined,
    });
    for (const commit of golden.history) {
      play(commit);
      oracles.onCommit(commit);
    }
    expect(oracles.violations.map(({ promise }) => promise)).toContain(golden.promise);
  });
});

/** The log of a workflow in which something went wrong. */
interface GoldenLog {
  readonly mistake: string;
  readonly promise: string;
  readonly definition: WorkflowDefinition;
  readonly log: readonly WorkflowEventRow[];
}

const logs = new URL('./logs/', import.meta.url);

describe('the logs of workflows in which something went wrong', () => {
  it.each(readdirSync(logs))('%s is still seen for what it is', (name) => {
    const golden = JSON.parse(readFileSync(new URL(name, logs), 'utf8')) as GoldenLog;
    const broken: string[] = [];
    checkTries(golden.definition, golden.log, (promise) => broken.push(promise));
    expect(broken).toEqual([golden.promise]);
  });
});
