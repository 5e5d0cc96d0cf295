import { createClient } from '../src/sdk/client/client.ts';
import { type Bench, type Figure, percentile, rounded } from './figure.ts';
import { documentOperations } from './support/document-operations.ts';
import { type LocalStage, onLocalCloud } from './support/local-stage.ts';

/** The operations that agents repeat all day. */
const measured: ReadonlySet<string> = new Set([
  ...[
    'create',
    'get',
    'get_unchanged',
    'batch_of_10',
    'put',
    'patch',
    'append',
    'history_of_3',
    'list_of_25',
    'search',
  ],
]);
/** Samples of each. */
const samples = 100;

async function* measure(_stage: LocalStage, say: (line: string) => void): AsyncIterable<Figure> {
  for (const { name, prepare, run } of documentOperations.filter((operation) => measured.has(operation.name))) {
    say(`local-context: ${name}`);
    await prepare?.(createClient().contexts);
    const times: number[] = [];
    for (let index = 0; index < samples; index += 1) {
      // A client of its own for each call: what one has read does not help another here.
      const { contexts } = createClient();
      const at = performance.now();
      await run(contexts, index);
      times.push(performance.now() - at);
    }
    yield {
      bench: 'local-context',
      metric: 'document_call_local_p99_ms',
      value: rounded(percentile(times, 0.99), 1),
      unit: 'ms/call',
      detail: {
        operation: name,
        p50_ms: rounded(percentile(times, 0.5), 1),
        samples,
        how: 'from the SDK through the HTTP API of the local cloud, whose functions are processes of their own; the first call of each operation is among them. The same operation has its calls to AWS in `npm run bench context`',
      },
    };
  }
}

async function* localContext(say: (line: string) => void): AsyncIterable<Figure> {
  yield* await onLocalCloud(say, (stage) => measure(stage, say));
}

export const localContextBench: Bench = {
  about: 'operations on documents on the local cloud: time of each, from the SDK to the answer',
  run: localContext,
};
