import { existsSync, rmSync } from 'node:fs';
import { stopCloud } from '../../src/cli/local/cloud.ts';
import { testCloudDirectory } from './test-cloud-directory.ts';

/** Jest's global teardown: ends the local cloud if a suite has started one. Its log stays when CADRE_KEEP_LOGS is set. */
export default async function stopLocalCloud(): Promise<void> {
  const directory = testCloudDirectory();
  if (!existsSync(directory)) return;
  process.env['CADRE_LOCAL_DIR'] = directory;
  await stopCloud();
  if (process.env['CADRE_KEEP_LOGS'] === undefined) rmSync(directory, { recursive: true, force: true });
}
