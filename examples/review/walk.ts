import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { depthMax, filesMax } from './limits.ts';

/** Folders that hold what tools made or fetched. Outside git there is no ignore file to ask. */
const ignoredFolders = new Set(
  [
    '.git .hg .svn node_modules bower_components vendor .venv venv __pycache__ .tox .mypy_cache .pytest_cache .gradle',
    '.idea .vscode .next .nuxt .cache .local .terraform cdk.out dist build out target coverage',
  ].flatMap((names) => names.split(' ')),
);

/**
 * The files below `root`, relative and with `/`, ignoring what tools make. Links are listed but never followed, so
 * a loop of links ends. Stops at the limits of depth and count; an unreadable folder is left out.
 */
export async function walk(root: string, signal: AbortSignal): Promise<string[]> {
  const found: string[] = [];
  const open: { path: string; depth: number }[] = [{ path: '', depth: 0 }];
  for (let folder = open.pop(); folder && found.length <= filesMax; folder = open.pop()) {
    signal.throwIfAborted();
    const entries = await readdir(join(root, folder.path), { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      const path = folder.path === '' ? entry.name : `${folder.path}/${entry.name}`;
      if (!entry.isDirectory()) found.push(path);
      else if (!ignoredFolders.has(entry.name) && folder.depth < depthMax) open.push({ path, depth: folder.depth + 1 });
    }
  }
  return found;
}
