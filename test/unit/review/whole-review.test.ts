import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { reviewHandler, reviewHandlers } from '../../../examples/review/handlers.ts';
import type { Handler } from '../../../src/sdk/agent/handler.ts';
import { commitAll, quietContext, runReview, sampleTree } from './sample-tree.ts';

// Put together at run time, so that no review of this repository finds it.
const awsKey = ['AKIA', 'QYLPMN5HHHFPZAM2'].join('');
const urlPassword = ['hunter2', 'Xq'].join('');

const block = Array.from({ length: 14 }, (_, at) => `  total += weigh(items[${at}], factor) * ${at + 2};`).join('\n');
const files = {
  LICENSE: 'MIT License\n\nPermission is hereby granted, free of charge, to any person\n',
  'package.json': '{ "name": "sample", "license": "MIT", "dependencies": { "left": "^1.0.0", "right": "2.0.0" } }\n',
  'src/a.ts': `// SPDX-License-Identifier: MIT\nexport function a(items, factor) {\n  let total = 0;\n${block}\n  return total;\n}\n`,
  'src/b.ts': `// SPDX-License-Identifier: GPL-3.0-only\n// TODO(ann): remove\nexport const b = (items, factor) => {\n  let total = 1;\n${block}\n  return -total;\n};\n`,
  'src/keys.ts': `export const key = '${awsKey}';\nexport const url = 'postgres://app:${urlPassword}@db/main';\n`,
  'docs/index.md':
    '# Start\n\n[gone](./missing.md) [fine](other.md#second-part) [wrong](other.md#third) [web](https://example.org/x)\n',
  'docs/other.md': '# Other\n\n## Second part\n',
};

describe('a whole review', () => {
  it('finds what is wrong, each at its place', async () => {
    using tree = sampleTree(files);
    const { review, nodes } = await runReview(tree.root);
    expect(Object.values(nodes).filter(({ status }) => status !== 'Completed')).toEqual([]);
    const places = review.findings.map(({ check, path, line }) => `${check} ${path}:${line}`);
    expect(places).toEqual([
      'secrets src/keys.ts:1',
      'secrets src/keys.ts:2',
      'licences src/b.ts:1',
      'links docs/index.md:3',
      'links docs/index.md:3',
      'duplication src/a.ts:4',
      'licences src/keys.ts:1',
      'dependencies package.json:1',
    ]);
    expect(review.duplicates[0]).toMatchObject({
      lines: 14,
      first: { path: 'src/a.ts', from: 4, to: 17 },
      second: { path: 'src/b.ts', from: 5 },
    });
    expect(review.unchecked_links).toEqual({ links: 1, hosts: ['example.org'] });
  });

  it('shows no secret in any output', async () => {
    using tree = sampleTree({ ...files, 'src/c.ts': `// TODO: rotate ${awsKey} soon\n` });
    const { outputs } = await runReview(tree.root);
    expect(JSON.stringify(outputs)).not.toContain(awsKey);
    expect(JSON.stringify(outputs)).not.toContain(urlPassword);
    expect(JSON.stringify(outputs)).toContain('AKIA…(20 characters)');
  });

  it('dates marks from the history, and knows no author outside git', async () => {
    using tracked = sampleTree(files);
    commitAll(tracked.root, 'Ann Author', '2020-02-03T04:05:06Z');
    const { review } = await runReview(tracked.root);
    expect(review.marks).toEqual([
      {
        path: 'src/b.ts',
        line: 2,
        word: 'TODO',
        text: '(ann): remove',
        author: 'Ann Author',
        written_at: '2020-02-03T04:05:06.000Z',
      },
    ]);
    using bare = sampleTree(files);
    expect((await runReview(bare.root)).review.marks[0]).toMatchObject({ author: 'unknown', written_at: null });
  });

  it('lets a broken file fail its own task only and says why', async () => {
    using tree = sampleTree({
      ...files,
      'src/nul.ts': 'export const x = 1;\0\n',
      'src/latin.py': new Uint8Array([0x23, 0xe9, 0x0a]),
      'logo.png': new Uint8Array([0, 1, 2]),
    });
    symlinkSync('nowhere.ts', join(tree.root, 'src/lost.ts'));
    symlinkSync('..', join(tree.root, 'src/loop'));
    const { review, nodes, markdown } = await runReview(tree.root);
    expect(review.failures.map(({ task, code, reason }) => [task, code, reason.split(':')[0]])).toEqual([
      ['broken-01', 'invalid-utf8', 'src/latin.py'],
      ['broken-02', 'unreadable-file', 'src/lost.ts'],
      ['broken-03', 'nul-bytes', 'src/nul.ts'],
    ]);
    expect(Object.values(nodes).filter(({ status }) => status === 'Failed')).toHaveLength(3);
    expect(review.findings.some((each) => each.path === 'src/keys.ts')).toBe(true);
    expect(markdown).toContain('## What could not be reviewed');
  });
});

describe('a handler', () => {
  const analyse = reviewHandlers['review.analyse-code']!;

  it('refuses paths that lead out of the tree', async () => {
    using tree = sampleTree(files);
    symlinkSync('/etc', join(tree.root, 'etc'));
    for (const folder of ['..', '/etc', 'etc']) {
      const payload = { root: tree.root, files: { [folder]: ['hostname'] }, family: 'shell' };
      await expect(analyse({ payload }, quietContext)).rejects.toMatchObject({
        name: 'TerminalError',
        code: expect.stringMatching(/path-outside-root|unreadable-file/u),
      });
    }
  });

  it('fits the handler type of the SDK and refuses tasks that are not of a review', async () => {
    const handler: Handler = reviewHandler;
    const task = { task_id: 't', task_type: 'toString', payload: {}, attempt: 1, priority: 'low' } as const;
    const log = {
      debug: quietContext.progress,
      info: quietContext.progress,
      warn: quietContext.progress,
      error: quietContext.progress,
    };
    await expect(
      handler(task, {
        ...quietContext,
        documents: [],
        contexts: {} as never,
        log,
        used: () => undefined,
        checkpoint: async () => undefined,
      }),
    ).rejects.toMatchObject({
      code: 'unknown-task-type',
    });
  });

  it('refuses a payload of another shape', async () => {
    await expect(analyse({ payload: { root: 5 } }, quietContext)).rejects.toMatchObject({ code: 'invalid-payload' });
  });

  it('stops when its signal is aborted', async () => {
    using tree = sampleTree(files);
    const payload = { root: tree.root, files: { src: ['a.ts'] }, family: 'typescript' };
    const signal = AbortSignal.abort(new Error('lease lost'));
    await expect(analyse({ payload }, { ...quietContext, signal })).rejects.toThrow('lease lost');
  });

  it('calls a root that does not exist unknown', async () => {
    const scan = reviewHandlers['review.scan']!;
    await expect(scan({ payload: { root: '/no/such/tree' } }, quietContext)).rejects.toMatchObject({
      code: 'unknown-root',
    });
  });
});
