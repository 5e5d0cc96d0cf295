import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type * as z from 'zod';
import { createProgram } from '../../../src/cli/main.ts';
import { agentRegistration } from '../../../src/contracts/distributor/agent.ts';
import * as limits from '../../../src/contracts/limits.ts';
import { heartbeat, inboxMessage, resultBatch } from '../../../src/contracts/messages.ts';
import { parseTaskMessage, parseWorkflowMessage } from '../../../src/contracts/distributor/submission.ts';
import { functionNames, queueNames } from '../../../src/platform/topology.ts';
import { faultPoints } from '../../../src/platform/twin/faults.ts';
import { blocksOf, pages, putEventsEntries, readPage, root } from '../../support/pages.ts';

const packageFile = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
};

/** GitHub's name of a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

function withoutBlocks(text: string): string {
  return text.replace(/^[ ]*```.*?^[ ]*```$/gms, '');
}

function brokenLinks(page: string): readonly string[] {
  const links = [...withoutBlocks(readPage(page)).matchAll(/\]\((?<to>[^)\s]+)\)/g)].map(
    ({ groups }) => groups?.['to'] ?? '',
  );
  return links
    .filter((to) => !/^[a-z]+:/.test(to))
    .filter((to) => {
      const [path = '', anchor] = to.split('#');
      const file = path === '' ? page : join(dirname(page), path);
      if (!existsSync(join(root, file))) return true;
      if (anchor === undefined) return false;
      const headings = [...withoutBlocks(readPage(file)).matchAll(/^#+ (?<title>.+)$/gm)];
      return !headings.some(({ groups }) => anchorOf(groups?.['title'] ?? '') === anchor);
    });
}

/** The commands a page names, as `[command, subcommand, option or first word]`; an id with a colon, slash or version is none of these. */
function cadreCommands(page: string): readonly (readonly [string, string])[] {
  const named = [
    ...readPage(page).matchAll(/(?:`|npx |^|&& )cadre (?<command>[a-z][a-z-]*)(?: (?<sub>[a-z-]+)(?![\w:/@-]))?/gm),
  ];
  return named.map(({ groups }) => [groups?.['command'] ?? '', groups?.['sub'] ?? ''] as const);
}

const schemas: Readonly<Record<string, z.ZodType>> = {
  'agent-registration': agentRegistration,
  'inbox-message': inboxMessage,
  heartbeat,
  'result-batch': resultBatch,
};

describe('what the documentation refers to', () => {
  it.each(pages)('is there: the links of %s', (page) => {
    expect(brokenLinks(page)).toEqual([]);
  });

  it.each(pages)('exists: the commands of %s', (page) => {
    const program = createProgram();
    const unknown = cadreCommands(page).filter(([name, sub]) => {
      const command = program.commands.find((each) => each.name() === name);
      if (command === undefined || sub === '') return command === undefined;
      if (sub.startsWith('--')) return !['--json', '--help', ...command.options.map(({ long }) => long)].includes(sub);
      return command.commands.length > 0 && !command.commands.some((each) => each.name() === sub);
    });
    const scripts = [...readPage(page).matchAll(/npm run (?<name>[a-z:-]+)/g)].map(({ groups }) => groups?.['name']);
    expect(unknown).toEqual([]);
    expect(scripts.filter((name) => name === undefined || !(name in packageFile.scripts))).toEqual([]);
  });

  it('is accepted: every event that the README publishes', () => {
    const entries = putEventsEntries('README.md').flat();
    expect(entries.map((entry) => entry.DetailType)).toEqual(['TaskSubmitted', 'WorkflowSubmitted']);
    for (const { DetailType, Source, Detail } of entries) {
      const event = { id: 'e1', 'detail-type': DetailType, source: Source, detail: JSON.parse(Detail) as unknown };
      if (DetailType === 'TaskSubmitted') expect(parseTaskMessage(event, 'm1').data).toHaveLength(1);
      else expect(parseWorkflowMessage(event).data).toMatchObject({ definition: { nodes: [{}, {}] } });
    }
  });

  it('is understood: every message that the pages print for agents in other languages', () => {
    const messages = pages.flatMap(blocksOf).filter(({ mark }) => mark?.startsWith('schema: ') === true);
    expect(messages.length).toBeGreaterThan(0);
    for (const { mark = '', text } of messages) {
      const schema = schemas[mark.replace('schema: ', '')];
      expect({ mark, faults: schema?.safeParse(JSON.parse(text)).error?.issues }).toEqual({ mark, faults: undefined });
    }
  });

  it('is measured: every figure of the README has a bench of its name', () => {
    const table = /<!-- figures -->(?<rows>.*)<!-- \/figures -->/s.exec(readPage('README.md'))?.groups?.['rows'] ?? '';
    const metrics = [...table.matchAll(/`(?<metric>[a-z]+(?:_[a-z0-9]+)*)`/g)].map(
      ({ groups }) => groups?.['metric'] ?? '',
    );
    const benches = readdirSync(join(root, 'bench')).filter((name) => name.endsWith('.ts'));
    const code = benches.map((name) => readFileSync(join(root, 'bench', name), 'utf8')).join('\n');
    expect(metrics.length).toBeGreaterThan(0);
    expect(metrics.filter((metric) => !code.includes(`'${metric}'`))).toEqual([]);
  });

  it('is complete: every limit with its value', () => {
    const table = [
      ...readPage('docs/operations.md').matchAll(/^\| `(?<name>\w+(?:Max|Min|Ms))` \| (?<value>[\d.,]+) \|/gm),
    ];
    const printed = table.map(({ groups }) => [groups?.['name'], Number(groups?.['value']?.replaceAll(',', ''))]);
    expect(Object.fromEntries(printed)).toEqual({ ...limits });
  });

  it('is complete: every fault of the test cloud', () => {
    const text = readPage('docs/testing.md');
    expect(faultPoints.filter((point) => !text.includes(`\`${point}\``))).toEqual([]);
  });

  it('is complete: every function and queue is in the drawing of the architecture', () => {
    const drawing = blocksOf('docs/architecture.md').find(({ language }) => language === 'mermaid')?.text ?? '';
    const shown = drawing.replaceAll(/tasks-critical · high · medium · low/g, queueNames.slice(0, 4).join(' '));
    expect([...functionNames, ...queueNames].filter((name) => !shown.includes(name))).toEqual([]);
  });

  it('is complete: every variable of the environment that the product reads', () => {
    const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((path) =>
      path.endsWith('.ts'),
    );
    const read = sources.flatMap((path) =>
      [...readFileSync(join(root, 'src', path), 'utf8').matchAll(/\benv\['(?<name>(?:CADRE|AWS)_\w+)'\]/g)].map(
        ({ groups }) => groups?.['name'] ?? '',
      ),
    );
    const text = readPage('docs/operations.md');
    expect([...new Set(read)].filter((name) => !text.includes(name))).toEqual([]);
  });
});
