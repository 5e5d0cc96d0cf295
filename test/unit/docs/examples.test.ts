import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import * as langgraph from '@langchain/langgraph';
import ts from 'typescript';
import * as cadreLanggraph from '../../../src/sdk/langgraph.ts';
import * as sdk from '../../../src/sdk/index.ts';
import { createTestCloud, type TestAgent, type TestCloud } from '../../../src/sdk/test-cloud/test-cloud.ts';
import { drivenContexts } from '../../support/driven-contexts.ts';
import { blocksOf, pages, root, type Block } from '../../support/pages.ts';

const blocks = pages.flatMap(blocksOf).filter(({ language }) => language === 'ts');
const marked = blocks.filter(({ mark }) => mark === 'run');

/** What the compiler says about blocks as modules of the project, so that `cadre` is resolved through the map of package.json. */
function complaints(given: readonly Block[]): readonly string[] {
  const config = ts.parseConfigFileTextToJson('tsconfig.json', ts.sys.readFile(join(root, 'tsconfig.json')) ?? '');
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
  const texts = new Map(given.map(({ text }, index) => [join(root, `example-${index}.ts`), `${text}\nexport {};\n`]));
  const host = ts.createCompilerHost(options);
  const { readFile, fileExists, getSourceFile } = host;
  host.readFile = (name) => texts.get(name) ?? readFile(name);
  host.fileExists = (name) => texts.has(name) || fileExists(name);
  host.getSourceFile = (name, target, ...more) => {
    const text = texts.get(name);
    return text === undefined ? getSourceFile(name, target, ...more) : ts.createSourceFile(name, text, target);
  };
  const program = ts.createProgram([...texts.keys()], { ...options, noEmit: true, incremental: false }, host);
  return [...texts.keys()].flatMap((name, index) =>
    ts.getPreEmitDiagnostics(program, program.getSourceFile(name)).map(({ messageText }) => {
      const { page, line } = given[index] ?? { page: '', line: 0 };
      return `${page}:${line} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
    }),
  );
}

/** The SDK with a test cloud behind it: its promises settle because waiting for one lets virtual time pass. */
function sdkOn(cloud: TestCloud): typeof sdk {
  return {
    ...sdk,
    createAgent: (options) => ({
      id: options.id,
      start: async () => {
        await cloud.addAgent(options as TestAgent);
      },
      stop: async () => undefined,
      held: () => [],
    }),
    createClient: () => driven(cloud, { ...cloud.client, contexts: drivenContexts(cloud) }),
  };
}

function driven<T extends object>(cloud: TestCloud, object: T): T {
  return new Proxy(object, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return async (...args: readonly unknown[]) => {
        const value: unknown = await cloud.drive(Promise.resolve(Reflect.apply(member, target, args)));
        return typeof value === 'object' && value !== null ? driven(cloud, value) : value;
      };
    },
  });
}

type See = (line: number, ...values: readonly unknown[]) => void;

/** Runs a block; a line such as `console.log(a, b); // → 1 "two"` tells what it must show. Gives [shown, promised] of each such call. */
async function run({ text }: Block, modules: Readonly<Record<string, unknown>>): Promise<readonly [string, string][]> {
  const promises = new Map<number, string>();
  const lines = text.split('\n').map((line, index) => {
    const promised = /console\.log\(.*\/\/ → (?<what>.*)$/.exec(line)?.groups?.['what'];
    if (promised === undefined) return line.replace(/^import (\{.*\}) from ('.*');$/, 'const $1 = modules[$2];');
    promises.set(index, promised);
    return line.replace('console.log(', `see(${index}, `);
  });
  const code = stripTypeScriptTypes(`async function example(modules, see) {\n${lines.join('\n')}\n}`);
  const shown: [string, string][] = [];
  const see: See = (index, ...values) => {
    shown.push([values.map((value) => JSON.stringify(value)).join(' '), promises.get(index) ?? '']);
  };
  // The text is our own documentation, and running it is the point.
  // eslint-disable-next-line @typescript-eslint/no-implied-eval
  const make = new Function(`${code}; return example;`) as () => (modules: unknown, see: See) => Promise<void>;
  await make()(modules, see);
  expect(new Set(shown.map(([, promised]) => promised)).size).toBe(new Set(promises.values()).size);
  return shown;
}

describe('the examples of the documentation', () => {
  it('compile as they are printed', () => {
    expect(blocks.length).toBeGreaterThan(0);
    expect(complaints(blocks)).toEqual([]);
  });

  describe.each([...Map.groupBy(marked, ({ page }) => page)])('of %s', (_page, examples) => {
    // One cloud a page: an agent of one example does the work of the next, as for a reader who goes through them in order.
    const cloud = createTestCloud();
    const modules = {
      cadre: sdkOn(cloud),
      'cadre/testing': { createTestCloud },
      'cadre/langgraph': cadreLanggraph,
      '@langchain/langgraph': langgraph,
    };

    it.each(examples.map((each) => [each.line, each] as const))(
      'show on line %i what they promise',
      async (_line, block) => {
        for (const [shown, promised] of await run(block, modules)) expect(shown).toBe(promised);
      },
    );
  });
});
