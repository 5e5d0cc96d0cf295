import { join } from 'node:path';

const variable = 'CADRE_TEST_CLOUD_DIR';

/**
 * The local cloud of one run of the tests lives apart from the one that somebody works with, and from that of another run. The first process
 * to ask (jest's own) decides; its workers inherit the answer.
 */
export function testCloudDirectory(): string {
  return (process.env[variable] ??= join(import.meta.dirname, '..', '..', '.local', `test-${process.pid}`));
}
