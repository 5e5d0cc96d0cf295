import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A certificate of 127.0.0.1 that nobody but itself has signed, with its key, in files. */
export interface SelfSigned {
  readonly certFile: string;
  readonly keyFile: string;
  readonly pem: string;
  remove(): Promise<void>;
}

/** Makes one with openssl; undefined where that is not installed. */
export async function selfSigned(): Promise<SelfSigned | undefined> {
  const directory = await mkdtemp(join(tmpdir(), 'cadre-tls-'));
  const remove = () => rm(directory, { recursive: true, force: true });
  const [certFile, keyFile] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile];
  const about = ['-days', '1', '-subj', '/CN=cadre', '-addext', 'subjectAltName=IP:127.0.0.1'];
  try {
    await promisify(execFile)('openssl', ['req', '-x509', ...key, '-out', certFile, ...about]);
  } catch (error) {
    await remove();
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return { certFile, keyFile, pem: await readFile(certFile, 'utf8'), remove };
}
