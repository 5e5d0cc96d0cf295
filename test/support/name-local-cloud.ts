import { testCloudDirectory } from './test-cloud-directory.ts';

/** Jest's global set-up: settles where the run's local cloud is, before the workers start. Nothing is started until a suite asks. */
export default function nameLocalCloud(): void {
  testCloudDirectory();
}
