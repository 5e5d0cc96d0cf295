import { join } from 'node:path';

/** The root of the project, whatever folder the command was started in. */
export const projectRoot = join(import.meta.dirname, '..', '..', '..');

/** The programs that npm installed; first on PATH of everything started from here, so that Lambdas run on Node 24 too. */
export const installedPrograms = join(projectRoot, 'node_modules', '.bin');

/** The emulator's environment: shared by all local clouds of this project, because it holds no state. */
export const venvDirectory = join(projectRoot, '.local', 'venv');

/**
 * Where one local cloud keeps its record, its lock and its log. CADRE_LOCAL_DIR moves it: the deployed tests do that, so that they
 * never touch the cloud that somebody works with.
 */
export function localDirectory(): string {
  return process.env['CADRE_LOCAL_DIR'] ?? join(projectRoot, '.local');
}

/** PATH with the installed programs first. */
export function pathWithInstalledPrograms(): string {
  return [installedPrograms, process.env['PATH'] ?? ''].join(':');
}
