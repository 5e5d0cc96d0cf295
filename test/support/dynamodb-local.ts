import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, it } from '@jest/globals';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { projectRoot } from '../../src/cli/local/places.ts';
import { withProcessLock } from '../../src/cli/local/process-lock.ts';
import { contextIndexedAttributes } from '../../src/platform/aws/context/keys.ts';
import { indexedAttributes, indexName } from '../../src/platform/aws/keys.ts';
import { freePort } from './free-port.ts';

/** AWS's own DynamoDB for tests: the engine whose answers the twin and the emulator are measured against. */
const engineVersion = '2.6.1';
/** The native SQLite that its in-memory tables live in. */
const sqliteVersion = '1.0.392';
/** Time until its port answers; on a busy machine a JVM takes seconds to start. */
const startMsMax = 60_000;
const pollMs = 100;

const directory = join(projectRoot, '.local', 'dynamodb-local', engineVersion);

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>cadre.test</groupId><artifactId>dynamodb-local</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>com.amazonaws</groupId><artifactId>DynamoDBLocal</artifactId><version>${engineVersion}</version></dependency>
    <dependency>
      <groupId>com.almworks.sqlite4java</groupId><artifactId>libsqlite4java-linux-amd64</artifactId>
      <version>${sqliteVersion}</version><type>so</type>
    </dependency>
  </dependencies>
</project>
`;

/** Runs a program to its end; the reason why it cannot be run, or did not succeed, is the answer. */
function failureOf(program: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'ignore'] });
    child.on('error', () => resolve(`${program} is not installed`));
    child.on('exit', (code) => resolve(code === 0 ? undefined : `${program} ended with ${code ?? 'a signal'}`));
  });
}

/** Fetches the engine's jars once, into .local. Gives the reason when that is impossible here. */
async function install(): Promise<string | undefined> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'DynamoDB Local is set up for x64 Linux only';
  const java = await failureOf('java', ['-version']);
  if (java !== undefined) return java;
  return withProcessLock(`${directory}.lock`, async () => {
    if (existsSync(directory)) return undefined;
    const unfinished = `${directory}.unfinished`;
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished, { recursive: true });
    await writeFile(join(unfinished, 'pom.xml'), pom);
    const maven = await failureOf('mvn', [
      ...['-q', '-B', '-f', join(unfinished, 'pom.xml'), 'dependency:copy-dependencies'],
      `-DoutputDirectory=${unfinished}`,
    ]);
    // Only a whole download gets the name that later runs look for.
    if (maven === undefined) await rename(unfinished, directory);
    return maven;
  });
}

interface Engine {
  readonly endpoint: string;
  readonly process: ChildProcess;
}

async function start(): Promise<Engine> {
  const port = await freePort();
  const child = spawn(
    'java',
    [
      ...['-Xmx256m', `-Djava.library.path=${directory}`, '-cp', join(directory, '*')],
      ...[
        'com.amazonaws.services.dynamodbv2.local.main.ServerRunner',
        '-inMemory',
        '-disableTelemetry',
        '-port',
        String(port),
      ],
    ],
    // It leaves a file in the folder it was started in.
    { stdio: 'ignore', cwd: directory },
  );
  process.once('exit', () => child.kill('SIGKILL'));
  const endpoint = `http://127.0.0.1:${port}`;
  for (let waited = 0; waited < startMsMax; waited += pollMs) {
    // Any answer will do, a refusal included.
    if (await fetch(endpoint).then(Boolean, () => false)) return { endpoint, process: child };
    if (child.exitCode !== null) break;
    await sleep(pollMs);
  }
  child.kill('SIGKILL');
  throw new Error('DynamoDB Local did not start');
}

/** A client of an engine that runs only as long as the suite, and the tables' names: with the keys and indexes of the deployed ones. */
export interface EngineTable {
  readonly client: DynamoDBDocumentClient;
  readonly table: string;
  readonly contextTable: string;
}

async function createTable(raw: DynamoDBClient, table: string, indexed: readonly string[]): Promise<void> {
  const keys = (pk: string, sk: string) => [
    { AttributeName: pk, KeyType: 'HASH' as const },
    { AttributeName: sk, KeyType: 'RANGE' as const },
  ];
  await raw.send(
    new CreateTableCommand({
      TableName: table,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: ['pk', 'sk', 'gsi1pk', 'gsi1sk'].map((AttributeName) => ({
        AttributeName,
        AttributeType: 'S',
      })),
      KeySchema: keys('pk', 'sk'),
      GlobalSecondaryIndexes: [
        {
          IndexName: indexName,
          KeySchema: keys('gsi1pk', 'gsi1sk'),
          Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: [...indexed] },
        },
      ],
    }),
  );
}

async function createTables(endpoint: string): Promise<EngineTable> {
  const raw = new DynamoDBClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const [table, contextTable] = ['cadre', 'contexts'];
  await createTable(raw, table, indexedAttributes);
  await createTable(raw, contextTable, contextIndexedAttributes);
  const client = DynamoDBDocumentClient.from(raw, { marshallOptions: { removeUndefinedValues: true } });
  return { client, table, contextTable };
}

/**
 * A suite on AWS's own DynamoDB engine, in memory: `await describeOnDynamodbLocal('…', ({ client, table }) => { … })` at the top of a test.
 * Needs java, and mvn the first time; where they are missing it is skipped with the reason in its name and on stderr.
 */
export async function describeOnDynamodbLocal(title: string, suite: (engine: EngineTable) => void): Promise<void> {
  const missing = await install();
  if (missing !== undefined) {
    process.stderr.write(`SKIPPED ${title}: ${missing}\n`);
    describe(title, () => it.skip(`skipped: ${missing}`, () => undefined));
    return;
  }
  const engine = await start();
  const table = await createTables(engine.endpoint);
  describe(title, () => {
    afterAll(() => {
      table.client.destroy();
      engine.process.kill('SIGKILL');
    });
    suite(table);
  });
}
